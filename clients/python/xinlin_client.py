"""Client of the Xinlin machine API, written from its OpenAPI description by tools/clients.py. Standard library only.

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

    def batches_corrections(self, number, body, *, content_digest=None, signature_input=None, signature=None):
        """Send corrected rows: POST /api/v1/batches/{number}/corrections."""
        return self._call("POST", f"/api/v1/batches/{urllib.parse.quote(str(number), safe='')}/corrections", headers={"Content-Digest": content_digest, "Signature-Input": signature_input, "Signature": signature}, body=body)

    def batches_deliver(self, body=None, *, kind, delivery=None, valid_on=None, mapping=None, table=None, filename=None, idempotency_key=None, content_digest=None, signature_input=None, signature=None):
        """Deliver a file: POST /api/v1/batches."""
        return self._call("POST", "/api/v1/batches", query={"kind": kind, "delivery": delivery, "valid_on": valid_on, "mapping": mapping, "table": table, "filename": filename}, headers={"Idempotency-Key": idempotency_key, "Content-Digest": content_digest, "Signature-Input": signature_input, "Signature": signature}, body=body, kind="application/octet-stream")

    def batches_listed(self, *, page=None, kind=None, state=None):
        """The department's deliveries: GET /api/v1/batches."""
        return self._call("GET", "/api/v1/batches", query={"page": page, "kind": kind, "state": state})

    def batches_mapping(self, number, body):
        """Name the columns: POST /api/v1/batches/{number}/mapping."""
        return self._call("POST", f"/api/v1/batches/{urllib.parse.quote(str(number), safe='')}/mapping", body=body)

    def batches_one(self, number):
        """One delivery: GET /api/v1/batches/{number}."""
        return self._call("GET", f"/api/v1/batches/{urllib.parse.quote(str(number), safe='')}")

    def batches_refused(self, number, *, page=None):
        """Refused rows: GET /api/v1/batches/{number}/refused."""
        return self._call("GET", f"/api/v1/batches/{urllib.parse.quote(str(number), safe='')}/refused", query={"page": page})

    def batches_refused_workbook(self, number):
        """Refused rows as a workbook: GET /api/v1/batches/{number}/refused.xlsx."""
        return self._call("GET", f"/api/v1/batches/{urllib.parse.quote(str(number), safe='')}/refused.xlsx")

    def check_files_stream(self, body=None, *, item, purpose, officer, idempotency_key):
        """Ask a check by a file: POST /api/v1/checks/stream."""
        return self._call("POST", "/api/v1/checks/stream", query={"item": item, "purpose": purpose, "officer": officer}, headers={"Idempotency-Key": idempotency_key}, body=body, kind="application/octet-stream")

    def checks_ask(self, body, *, idempotency_key):
        """Ask a check: POST /api/v1/checks."""
        return self._call("POST", "/api/v1/checks", headers={"Idempotency-Key": idempotency_key}, body=body)

    def checks_correct(self, answer, body):
        """Put a feedback right: POST /api/v1/checks/{answer}/feedback/correction."""
        return self._call("POST", f"/api/v1/checks/{urllib.parse.quote(str(answer), safe='')}/feedback/correction", body=body)

    def checks_feedback(self, answer, body):
        """Say what the officer decided: POST /api/v1/checks/{answer}/feedback."""
        return self._call("POST", f"/api/v1/checks/{urllib.parse.quote(str(answer), safe='')}/feedback", body=body)

    def checks_items(self):
        """Approval items one may ask about: GET /api/v1/items."""
        return self._call("GET", "/api/v1/items")

    def checks_read(self, number):
        """Read a check again: GET /api/v1/checks/{number}."""
        return self._call("GET", f"/api/v1/checks/{urllib.parse.quote(str(number), safe='')}")

    def entries_of_message(self, *, message):
        """Entries that a delivery brought: GET /api/v1/entries."""
        return self._call("GET", "/api/v1/entries", query={"message": message})

    def entries_uses(self, *, since):
        """Measures taken on one's entries: GET /api/v1/entries/uses."""
        return self._call("GET", "/api/v1/entries/uses", query={"since": since})

    def holds_change(self, reference, body):
        """Suspend, resume or end an entry: POST /api/v1/entries/{reference}/changes."""
        return self._call("POST", f"/api/v1/entries/{urllib.parse.quote(str(reference), safe='')}/changes", body=body)

    def holds_owed(self):
        """Feedback owed: GET /api/v1/feedback/owed."""
        return self._call("GET", "/api/v1/feedback/owed")

    def holds_panel(self, body):
        """Open a check panel: POST /api/v1/panels."""
        return self._call("POST", "/api/v1/panels", body=body)

    def holds_paper(self, number, body=None, *, filename=None):
        """Send a proof: POST /api/v1/remedies/{number}/papers."""
        return self._call("POST", f"/api/v1/remedies/{urllib.parse.quote(str(number), safe='')}/papers", query={"filename": filename}, body=body, kind="application/octet-stream")

    def holds_put_right(self, answer, body):
        """It was put right: POST /api/v1/checks/{answer}/remedies."""
        return self._call("POST", f"/api/v1/checks/{urllib.parse.quote(str(answer), safe='')}/remedies", body=body)

    def holds_sign(self, answer, body):
        """Go on holding: POST /api/v1/checks/{answer}/hold."""
        return self._call("POST", f"/api/v1/checks/{urllib.parse.quote(str(answer), safe='')}/hold", body=body)

    def kinds_kinds(self):
        """Kinds of record one may send: GET /api/v1/kinds."""
        return self._call("GET", "/api/v1/kinds")

    def receipts_of_check(self, number):
        """The receipt of a check: GET /api/v1/checks/{number}/receipt."""
        return self._call("GET", f"/api/v1/checks/{urllib.parse.quote(str(number), safe='')}/receipt")

    def rows_aside_set_aside(self, number, body, *, content_digest=None, signature_input=None, signature=None):
        """Set refused rows aside: POST /api/v1/batches/{number}/aside."""
        return self._call("POST", f"/api/v1/batches/{urllib.parse.quote(str(number), safe='')}/aside", headers={"Content-Digest": content_digest, "Signature-Input": signature_input, "Signature": signature}, body=body)

    def rows_aside_take_back(self, number, body, *, content_digest=None, signature_input=None, signature=None):
        """Take rows back that were set aside: POST /api/v1/batches/{number}/aside/back."""
        return self._call("POST", f"/api/v1/batches/{urllib.parse.quote(str(number), safe='')}/aside/back", headers={"Content-Digest": content_digest, "Signature-Input": signature_input, "Signature": signature}, body=body)

    def rows_deliver(self, body, *, kind, delivery=None, valid_on=None, idempotency_key=None, content_digest=None, signature_input=None, signature=None):
        """Deliver one record, or a few, and hear at once what became of them: POST /api/v1/records."""
        return self._call("POST", "/api/v1/records", query={"kind": kind, "delivery": delivery, "valid_on": valid_on}, headers={"Idempotency-Key": idempotency_key, "Content-Digest": content_digest, "Signature-Input": signature_input, "Signature": signature}, body=body)

    def uploads_announce(self, body, *, content_digest=None, signature_input=None, signature=None):
        """Announce a file that comes in parts: POST /api/v1/uploads."""
        return self._call("POST", "/api/v1/uploads", headers={"Content-Digest": content_digest, "Signature-Input": signature_input, "Signature": signature}, body=body)

    def uploads_finish(self, number, body=None, *, idempotency_key=None):
        """Make a delivery of it: POST /api/v1/uploads/{number}/finish."""
        return self._call("POST", f"/api/v1/uploads/{urllib.parse.quote(str(number), safe='')}/finish", headers={"Idempotency-Key": idempotency_key}, body=body, kind="application/octet-stream")

    def uploads_give_up(self, number):
        """Give an upload up: DELETE /api/v1/uploads/{number}."""
        return self._call("DELETE", f"/api/v1/uploads/{urllib.parse.quote(str(number), safe='')}")

    def uploads_part(self, number, body=None, *, upload_offset):
        """Send a part: PATCH /api/v1/uploads/{number}."""
        return self._call("PATCH", f"/api/v1/uploads/{urllib.parse.quote(str(number), safe='')}", headers={"Upload-Offset": upload_offset}, body=body, kind="application/octet-stream")

    def uploads_progress(self, number):
        """How far an upload is: GET /api/v1/uploads/{number}."""
        return self._call("GET", f"/api/v1/uploads/{urllib.parse.quote(str(number), safe='')}")
