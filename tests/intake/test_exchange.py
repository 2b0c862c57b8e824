"""The exchange API: rows judged at once, keys, digests, signatures, files in parts."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import os
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms

from xinlin.office.actions.proofs import register_key, revoke_key, still_holds

from .conftest import resident, table
from .test_api import SYSTEM, Api, api

__all__ = ["api"]
pytestmark = pytest.mark.django_db
HEADER = "公民身份号码,姓名,发生日期"
CONTENT = table(HEADER, *[f"{resident(n)},王小明,2024-05-01" for n in range(1, 300)])
RIGHT = {"公民身份号码": resident(1), "姓名": "王小明", "发生日期": "2024-05-01", "时长": 3}


def digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def call(api: Api, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = told.pop("content-type", "application/octet-stream")
    return api.http.generic(method, f"/api/v1{path}", body, content_type=kind, headers={**api.headers, **told})


def post_json(api: Api, path: str, value: Any, **headers: str) -> Any:
    return call(
        api, "POST", path, json.dumps(value, ensure_ascii=False).encode(), content_type="application/json", **headers
    )


# --- one record, or a few ------------------------------------------------------------------------------------------


def test_one_record_is_judged_at_once(api: Api) -> None:
    sent = post_json(api, "/records?kind=deeds", RIGHT)
    assert sent.status_code == 201, sent.content
    told = sent.json()
    assert (told["state"], told["rows_read"], told["rows_accepted"], told["refused"]) == ("done", 1, 1, [])
    again = post_json(api, "/records?kind=deeds", RIGHT)
    assert (again.status_code, again.json()["number"], again.json()["already"]) == (200, told["number"], True)
    by_code = post_json(
        api,
        "/records?kind=deeds",
        {"resident_id": resident(1), "name": "王小明", "occurred_on": "2024-05-01", "hours": 3},
    )
    assert (by_code.json()["rows_accepted"], by_code.json()["rows_repeated"]) == (1, 1)


def test_of_a_few_each_has_its_answer(api: Api) -> None:
    rows = [RIGHT, {**RIGHT, "公民身份号码": resident(2)[:-1] + "?"}, {**RIGHT, "时长": 30}]
    told = post_json(api, "/records?kind=deeds", rows).json()
    assert (told["rows_read"], told["rows_accepted"], told["rows_refused"]) == (3, 1, 2)
    assert [[p["where"] for p in row["problems"]] for row in told["refused"]] == [["resident_id"], ["hours"]]
    assert all(p["cure"]["zh"] and p["cure"]["en"] for row in told["refused"] for p in row["problems"])
    fixed = post_json(
        api,
        f"/batches/{told['number']}/corrections",
        {"rows": [{"row": told["refused"][1]["row"], "cells": {"时长": "4"}}]},
    )
    assert fixed.status_code == 201


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("nothing", {"a": "b"}, 422, "unknown_kind"),
        ("penalties", {"a": "b"}, 422, "kind_not_provided"),
        ("deeds&valid_on=2026-13-01", {"a": "b"}, 422, "invalid_input"),
        ("deeds&delivery=some", {"a": "b"}, 422, "invalid_input"),
    ],
)
def test_what_cannot_be_taken_says_why(api: Api, kind: str, body: Any, status: int, code: str) -> None:
    refused = post_json(api, f"/records?kind={kind}", body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["cure"]["zh"] and refused.json()["cure"]["en"]


def test_rows_are_json_and_not_endless(api: Api) -> None:
    assert call(api, "POST", "/records?kind=deeds", b"a,b").json()["code"] == "not_json"
    assert post_json(api, "/records?kind=deeds", {"a": "x" * (3 << 20)}).status_code == 413


def test_a_row_of_unknown_fields_waits_for_its_columns(api: Api) -> None:
    told = post_json(api, "/records?kind=deeds", {"身份": resident(1), "名": "王小明"}).json()
    assert told["state"] == "needs_mapping"
    assert {f["where"] for f in told["findings"] if f["code"] == "field_without_column"} >= {"resident_id"}


# --- the same call again -------------------------------------------------------------------------------------------


def test_a_key_stands_for_one_input(api: Api) -> None:
    first = call(api, "POST", "/batches?kind=deeds", CONTENT, Idempotency_Key="k-1")
    again = call(api, "POST", "/batches?kind=deeds", CONTENT, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]
    other = call(api, "POST", "/batches?kind=deeds", CONTENT + b"\n", Idempotency_Key="k-1")
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    renamed = call(api, "POST", "/batches?kind=deeds&filename=b.csv", CONTENT, Idempotency_Key="k-2")
    assert (renamed.status_code, renamed.json()["number"]) == (200, first.json()["number"])
    assert (
        call(api, "POST", "/batches?kind=deeds", CONTENT, Idempotency_Key="x" * 200).json()["code"] == "key_unreadable"
    )


def test_a_key_is_the_sender_s_own(api: Api) -> None:
    call(api, "POST", "/batches?kind=deeds", CONTENT, Idempotency_Key="k-1")
    other = call(Api(), "POST", "/batches?kind=deeds", CONTENT + b"\n", Idempotency_Key="k-1")
    assert other.status_code == 201


def test_a_refused_key_keeps_no_bytes(api: Api, tmp_path: Any) -> None:
    from xinlin.office import vault

    call(api, "POST", "/batches?kind=deeds", CONTENT, Idempotency_Key="k-1")
    call(api, "POST", "/batches?kind=deeds", CONTENT + b"\n", Idempotency_Key="k-1")
    assert not vault._blob_path(hashlib.sha256(CONTENT + b"\n").hexdigest()).exists()
    assert vault._blob_path(hashlib.sha256(CONTENT).hexdigest()).exists()


def test_a_digest_is_held_to(api: Api) -> None:
    right = call(api, "POST", "/batches?kind=deeds", CONTENT, Content_Digest=digest(CONTENT))
    assert right.status_code == 201
    wrong = call(api, "POST", "/batches?kind=deeds", CONTENT + b"\n", Content_Digest=digest(CONTENT))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "digest_differs")
    other = call(api, "POST", "/batches?kind=deeds", CONTENT + b"\n", Content_Digest="md5=:AAAA:")
    assert (other.status_code, other.json()["code"]) == (422, "digest_unreadable")


# --- signatures ----------------------------------------------------------------------------------------------------


class Signer:
    """A department's system that signs."""

    def __init__(self, api: Api, key_id: str = "office-1", register: bool = True) -> None:
        self.key, self.key_id, self.api = Ed25519PrivateKey.generate(), key_id, api
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        if register:
            assert register_key(actor=SYSTEM, department="office", key_id=key_id, public_key=pem) == "ed25519"

    def headers(self, method: str, path: str, body: bytes, **more: Any) -> dict[str, str]:
        message = SimpleNamespace(
            method=method, url=f"http://testserver/api/v1{path}", headers={"Content-Digest": digest(body)}
        )
        resolver = MappingKeyResolver(public_keys={}, private_keys={self.key_id: self.key})
        given: dict[str, Any] = {
            "nonce": "n1",
            "use_existing_digest": True,
            "covered_component_ids": ("@method", "@target-uri", "content-digest"),
        }
        HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=resolver).sign(
            message, key_id=self.key_id, **{**given, **more}
        )
        return {name.replace("-", "_"): value for name, value in message.headers.items()}

    def send(self, path: str, body: bytes, **more: Any) -> Any:
        return call(self.api, "POST", path, body, **self.headers("POST", path, body, **more))


def test_a_signature_is_kept_and_can_be_verified_years_later(api: Api) -> None:
    from xinlin.office.models.batches import Batch

    signer = Signer(api)
    sent = signer.send("/batches?kind=deeds&filename=a.csv", CONTENT)
    assert sent.status_code == 201, sent.content
    kept = Batch.objects.get(number=sent.json()["number"])
    assert kept.signature["sha256"] == kept.sha256
    assert "kind=deeds" in kept.signature["base"]
    assert still_holds(kept.signature)
    assert not still_holds({**kept.signature, "base": kept.signature["base"].replace("deeds", "feats")})
    assert not still_holds({**kept.signature, "sha256": "0" * 64})


def test_a_department_that_signs_sends_nothing_unsigned(api: Api) -> None:
    Signer(api)
    for sent in (
        call(api, "POST", "/batches?kind=deeds", CONTENT),
        post_json(api, "/records?kind=deeds", RIGHT),
        post_json(api, "/uploads", {"kind": "deeds", "size": 3, "sha256": "0" * 64}),
    ):
        assert (sent.status_code, sent.json()["code"]) == (422, "signature_invalid")
    revoke_key(actor=SYSTEM, key_id="office-1")
    assert call(api, "POST", "/batches?kind=deeds", CONTENT).status_code == 201


def test_signatures_that_do_not_hold(api: Api) -> None:
    signer, path = Signer(api), "/batches?kind=deeds"
    assert signer.send(path, CONTENT).status_code == 201
    old = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=10)
    stranger = Signer(api, "office-2", register=False)
    right = signer.headers("POST", path, CONTENT, nonce="n9")
    for sent in (
        signer.send(path, CONTENT),  # the nonce again
        signer.send(path, CONTENT, nonce="n2", created=old),
        signer.send(path, CONTENT, nonce="n3", covered_component_ids=("@method", "content-digest")),
        signer.send(path, CONTENT, nonce=None),
        stranger.send(path, CONTENT),
        call(api, "POST", "/batches?kind=residents", CONTENT, **right),  # signed for another address
    ):
        assert (sent.status_code, sent.json()["code"]) == (422, "signature_invalid"), sent.content
    swapped = call(api, "POST", path, CONTENT + b"\n", **signer.headers("POST", path, CONTENT, nonce="n5"))
    assert swapped.json()["code"] == "digest_differs"


def test_what_is_not_signed_says_nothing_of_a_signed_file(api: Api) -> None:
    signer, path = Signer(api), "/batches?filename=a.csv"
    sent = call(api, "POST", path, CONTENT, Xinlin_Kind="deeds", **signer.headers("POST", path, CONTENT))
    assert (sent.status_code, sent.json()["code"]) == (422, "unknown_kind")


def test_another_department_s_key_does_not_serve(api: Api) -> None:
    signer = Signer(api)
    signer.api = Api("other_office")
    assert signer.send("/batches?kind=penalties", CONTENT).json()["code"] == "signature_invalid"


# --- in parts ------------------------------------------------------------------------------------------------------


def _announce(api: Api, content: bytes = CONTENT, **more: Any) -> Any:
    told = {"kind": "deeds", "filename": "a.csv", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return post_json(api, "/uploads", {**told, **more})


def test_a_file_in_parts_becomes_one_delivery(api: Api, tmp_path: Any) -> None:
    opened = _announce(api)
    assert (opened.status_code, opened.json()["received"]) == (201, 0)
    number = opened.json()["number"]
    for start in range(0, len(CONTENT), 4_000):
        part = call(api, "PATCH", f"/uploads/{number}", CONTENT[start : start + 4_000], Upload_Offset=str(start))
        assert part.status_code == 200, part.content
    assert part.json()["received"] == len(CONTENT)
    finished = call(api, "POST", f"/uploads/{number}/finish")
    assert (finished.status_code, finished.json()["sha256"]) == (201, hashlib.sha256(CONTENT).hexdigest())
    again = call(api, "POST", f"/uploads/{number}/finish")
    assert (again.status_code, again.json()["number"]) == (200, finished.json()["number"])
    assert api.get(f"/uploads/{number}").json()["batch"] == finished.json()["number"]
    assert not (tmp_path / "data" / "vault" / "parts" / number).exists()
    assert api.get(f"/batches/{finished.json()['number']}").json()["rows_accepted"] == 299


def test_after_a_cut_it_goes_on_where_it_was(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from xinlin.office.actions import uploads as actions
    from xinlin.office.models.exchange import Upload
    from xinlin.office.scopes import Actor

    number = _announce(api).json()["number"]
    sender = Upload.objects.get(number=number).sent_by
    actor = Actor(sender, "test", "machine", "office")

    def cut() -> Any:
        yield CONTENT[:1_000]
        raise OSError("the line was cut")

    assert actions.add_part(actor=actor, number=number, offset=0, chunks=cut()).received == 1_000
    assert _announce(api).json()["received"] == 1_000
    wrong = call(api, "PATCH", f"/uploads/{number}", CONTENT[900:], Upload_Offset="900")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "offset_differs")
    early = call(api, "POST", f"/uploads/{number}/finish")
    assert (early.status_code, early.json()["code"]) == (409, "offset_differs")
    assert call(api, "PATCH", f"/uploads/{number}", CONTENT[1_000:], Upload_Offset="1000").status_code == 200
    assert call(api, "POST", f"/uploads/{number}/finish").status_code == 201


def test_a_file_that_is_not_the_one_announced_is_dropped(api: Api) -> None:
    number = _announce(api, sha256="0" * 64).json()["number"]
    call(api, "PATCH", f"/uploads/{number}", CONTENT, Upload_Offset="0")
    finished = call(api, "POST", f"/uploads/{number}/finish")
    assert (finished.status_code, finished.json()["code"]) == (422, "digest_differs")
    assert api.get(f"/uploads/{number}").json()["state"] == "dropped"
    assert call(api, "PATCH", f"/uploads/{number}", b"x", Upload_Offset="0").json()["code"] == "upload_closed"


def test_more_bytes_than_announced_are_not_kept(api: Api) -> None:
    number = _announce(api).json()["number"]
    more = call(api, "PATCH", f"/uploads/{number}", CONTENT + b"more", Upload_Offset="0")
    assert (more.status_code, more.json()["code"]) == (422, "too_many_bytes")
    assert api.get(f"/uploads/{number}").json()["received"] == 0
    assert call(api, "DELETE", f"/uploads/{number}").json()["state"] == "dropped"


def test_uploads_of_others_are_not_there(api: Api) -> None:
    number = _announce(api).json()["number"]
    stranger = Api("other_office")
    assert stranger.get(f"/uploads/{number}").status_code == 404
    assert call(stranger, "PATCH", f"/uploads/{number}", b"x", Upload_Offset="0").status_code == 404


def test_an_upload_that_everybody_forgot_is_dropped(api: Api, tmp_path: Any) -> None:
    from xinlin.office.actions.uploads import drop_forgotten
    from xinlin.office.models.exchange import Upload

    number = _announce(api).json()["number"]
    call(api, "PATCH", f"/uploads/{number}", CONTENT[:10], Upload_Offset="0")
    incoming = tmp_path / "data" / "vault" / "incoming"
    incoming.mkdir(exist_ok=True)
    (incoming / "new").write_bytes(b"x")
    (incoming / "old").write_bytes(b"x")
    os.utime(incoming / "old", (0, 0))
    assert drop_forgotten(actor=SYSTEM) == 0
    assert [path.name for path in incoming.iterdir()] == ["new"]
    Upload.objects.update(touched_at=datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC))
    assert drop_forgotten(actor=SYSTEM) == 1
    assert not (tmp_path / "data" / "vault" / "parts" / number).exists()


def test_a_signed_announcement_proves_the_file(api: Api) -> None:
    from xinlin.office.models.batches import Batch

    signer = Signer(api)
    body = json.dumps({"kind": "deeds", "size": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}).encode()
    opened = call(
        api, "POST", "/uploads", body, **signer.headers("POST", "/uploads", body), content_type="application/json"
    )
    assert opened.status_code == 201, opened.content
    number = opened.json()["number"]
    call(api, "PATCH", f"/uploads/{number}", CONTENT, Upload_Offset="0")
    done = call(api, "POST", f"/uploads/{number}/finish")
    assert done.status_code == 201, done.content
    kept = Batch.objects.get(number=done.json()["number"])
    assert still_holds(kept.signature) and kept.sha256 in kept.signature["body"]
    assert not still_holds({**kept.signature, "body": kept.signature["body"].replace(kept.sha256, "0" * 64)})
