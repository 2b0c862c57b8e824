"""Writes the small clients of the machine API from its OpenAPI description: ``python -m tools.clients``.

One file for Python (standard library alone) and one for JavaScript (fetch alone). A test writes them again and compares.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / "clients" / "python" / "xinlin_client.py"
JAVASCRIPT = ROOT / "clients" / "javascript" / "xinlin-client.mjs"
PREFIX = "xinlin_faces_api_"

PYTHON_HEAD = '''"""Client of the Xinlin machine API, written from its OpenAPI description by tools/clients.py. Standard library only.

    xinlin = Xinlin("https://credit.example.cn", "client-id", "secret")
    answer = xinlin.checks_ask({"item": …, "purpose": …, "officer": …, "applicants": [{"identifier": …}]}, idempotency_key="case-1")
"""

import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request


class Refused(Exception):
    """A problem that the API answered: ``status``, ``code``, and the whole of it in ``problem`` (what, where, what to do)."""

    def __init__(self, status, problem):
        super().__init__(problem.get("detail") or f"HTTP {status}")
        self.status, self.code, self.problem = status, problem.get("code", ""), problem


class Xinlin:
    """One site and one system's credentials. Tokens are fetched and renewed by themselves."""

    def __init__(self, site, client_id, secret, timeout=30):
        self.site, self.timeout = site.rstrip("/"), timeout
        self._basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        self._token, self._until = "", 0.0

    def _send(self, method, path, headers, body):
        request = urllib.request.Request(self.site + path, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return answer.read(), answer.headers.get_content_type()
        except urllib.error.HTTPError as refused:
            with refused:
                raw = refused.read()
            try:
                problem = json.loads(raw)
            except ValueError:
                problem = {"detail": raw.decode("utf-8", "replace")[:500]}
            raise Refused(refused.code, problem) from None

    def _bearer(self):
        if time.monotonic() > self._until:
            form = {"Authorization": f"Basic {self._basic}", "Content-Type": "application/x-www-form-urlencoded"}
            raw, _ = self._send("POST", "/identity/o/api/token", form, b"grant_type=client_credentials")
            token = json.loads(raw)
            self._token, self._until = token["access_token"], time.monotonic() + token["expires_in"] - 30
        return self._token

    def _call(self, method, path, *, query=None, headers=None, body=None, kind="application/json"):
        given = {name: value for name, value in (query or {}).items() if value is not None}
        path += "?" + urllib.parse.urlencode(given) if given else ""
        sent = {name: str(value) for name, value in (headers or {}).items() if value is not None}
        if body is not None:
            sent["Content-Type"] = kind
            body = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        raw, kind = self._send(method, path, {**sent, "Authorization": f"Bearer {self._bearer()}"}, body)
        return json.loads(raw) if kind == "application/json" else raw
'''

JAVASCRIPT_HEAD = """// Client of the Xinlin machine API, written from its OpenAPI description by tools/clients.py. Needs fetch alone.
//
//   const xinlin = new Xinlin("https://credit.example.cn", "client-id", "secret");
//   const answer = await xinlin.checksAsk({item, purpose, officer, applicants: [{identifier}]}, {idempotencyKey: "case-1"});

/** A problem that the API answered: status, code, and the whole of it in problem (what, where, what to do). */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `HTTP ${status}`);
    Object.assign(this, { status, code: problem.code ?? "", problem });
  }
}

/** One site and one system's credentials. Tokens are fetched and renewed by themselves. */
export class Xinlin {
  #basic;
  #token = "";
  #until = 0;

  constructor(site, clientId, secret) {
    this.site = site.replace(/\\/$/, "");
    this.#basic = btoa(`${clientId}:${secret}`);
  }

  async #send(method, path, headers, body) {
    const answer = await fetch(this.site + path, { method, headers, body });
    if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
    return answer;
  }

  async #bearer() {
    if (Date.now() > this.#until) {
      const form = { Authorization: `Basic ${this.#basic}`, "Content-Type": "application/x-www-form-urlencoded" };
      const token = await (await this.#send("POST", "/identity/o/api/token", form, "grant_type=client_credentials")).json();
      this.#token = token.access_token;
      this.#until = Date.now() + (token.expires_in - 30) * 1000;
    }
    return this.#token;
  }

  async #call(method, path, { query = {}, headers = {}, body, kind = "application/json" } = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    if (body !== undefined) {
      sent["Content-Type"] = kind;
      body = kind === "application/json" && !(body instanceof Uint8Array) ? JSON.stringify(body) : body;
    }
    sent.Authorization = `Bearer ${await this.#bearer()}`;
    const answer = await this.#send(method, given.length ? `${path}?${new URLSearchParams(given)}` : path, sent, body);
    const plain = (answer.headers.get("Content-Type") ?? "").startsWith("application/json");
    return plain ? answer.json() : new Uint8Array(await answer.arrayBuffer());
  }
"""


@dataclass
class Operation:
    """One operation as the clients need it."""

    name: str
    method: str
    address: str
    text: str
    places: list[str] = field(default_factory=list)
    query: dict[str, bool] = field(default_factory=dict)
    headers: dict[str, bool] = field(default_factory=dict)
    """Name -> whether it is required, as in ``query``."""
    body: str = ""
    """Media type of the body; empty for none."""


def description() -> dict[str, Any]:
    """The OpenAPI description of this checkout."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinlin.settings")
    os.environ.setdefault("XINLIN_DATA", tempfile.mkdtemp(prefix="xinlin-clients-"))
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
    from xinlin.faces.api.app import api

    return dict(api.get_openapi_schema())


def operations(described: dict[str, Any]) -> list[Operation]:
    """Every operation, by name."""
    found = []
    for address, methods in described["paths"].items():
        for method, said in methods.items():
            one = Operation(said["operationId"].removeprefix(PREFIX), method.upper(), address, said.get("summary", ""))
            for given in said.get("parameters", []):
                if given["in"] == "path":
                    one.places.append(given["name"])
                else:
                    where = one.query if given["in"] == "query" else one.headers
                    where[given["name"]] = bool(given.get("required"))
            kinds = list(said.get("requestBody", {}).get("content", {}))
            one.body = kinds[0] if kinds else "application/octet-stream" if method in ("post", "patch") else ""
            found.append(one)
    return sorted(found, key=lambda one: one.name)


def snake(name: str) -> str:
    """``Idempotency-Key`` as ``idempotency_key``."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def camel(name: str) -> str:
    """``checks_ask`` as ``checksAsk``."""
    first, *others = snake(name).split("_")
    return first + "".join(word.capitalize() for word in others)


def _options(one: Operation) -> dict[str, bool]:
    return {**one.query, **one.headers}


def python_method(one: Operation) -> str:
    """The operation as a method in Python."""
    optional_body = one.body == "application/octet-stream"
    positional = ["self", *map(snake, one.places), *(["body=None" if optional_body else "body"] if one.body else [])]
    named = [snake(name) + ("" if needed else "=None") for name, needed in _options(one).items()]
    named.sort(key=lambda text: "=" in text)
    address = re.sub(r"{(\w+)}", lambda m: "{urllib.parse.quote(str(" + snake(m[1]) + "), safe='')}", one.address)
    prefix = "f" if one.places else ""
    parts = [f'"{one.method}"', f'{prefix}"{address}"']
    for word, names in (("query", one.query), ("headers", one.headers)):
        if names:
            parts.append(f"{word}={{{', '.join(f'{name!r}: {snake(name)}' for name in names)}}}".replace("'", '"'))
    if one.body:
        parts.append("body=body" + (f', kind="{one.body}"' if one.body != "application/json" else ""))
    head = ", ".join([*positional, *(["*", *named] if named else [])])
    return f'\n    def {one.name}({head}):\n        """{one.text}: {one.method} {one.address}."""\n        return self._call({", ".join(parts)})\n'


def javascript_method(one: Operation) -> str:
    """The operation as a method in JavaScript."""
    options = _options(one)
    taken = [*map(camel, one.places), *(["body"] if one.body else [])]
    if options:
        taken.append(f"{{ {', '.join(map(camel, options))} }} = {{}}")
    address = re.sub(r"{(\w+)}", lambda m: "${encodeURIComponent(" + camel(m[1]) + ")}", one.address)
    quote = "`" if one.places else '"'
    parts = []
    for word, names in (("query", one.query), ("headers", one.headers)):
        if names:
            parts.append(f"{word}: {{ {', '.join(f'{chr(34)}{name}{chr(34)}: {camel(name)}' for name in names)} }}")
    if one.body:
        parts.append("body" + (f', kind: "{one.body}"' if one.body != "application/json" else ""))
    more = f", {{ {', '.join(parts)} }}" if parts else ""
    return (
        f"\n  /** {one.text}: {one.method} {one.address}. */\n  {camel(one.name)}({', '.join(taken)}) {{\n"
        f'    return this.#call("{one.method}", {quote}{address}{quote}{more});\n  }}\n'
    )


def written(described: dict[str, Any]) -> dict[Path, str]:
    """Each client's file and text."""
    known = operations(described)
    return {
        PYTHON: PYTHON_HEAD + "".join(map(python_method, known)),
        JAVASCRIPT: JAVASCRIPT_HEAD + "".join(map(javascript_method, known)) + "}\n",
    }


def main() -> int:
    """Write both."""
    for path, text in written(description()).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
