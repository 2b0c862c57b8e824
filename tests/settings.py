"""Settings for tests: the product's own, on a data folder that is made for the run and goes with it."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="xinlin-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["XINLIN_DATA"] = _folder
os.environ.setdefault("XINLIN_CITY", "dongtou")

from xinlin.settings import *  # noqa: E402, F403
from xinlin.settings import DATABASES, STATIC_ROOT  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads then have connections of their own, as they have in the product.
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(_folder, "test.sqlite3")}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
