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
from xinlin.settings import STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
