// Client of the Xinlin machine API, written from its OpenAPI description by tools/clients.py. Needs fetch alone.
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
    this.site = site.replace(/\/$/, "");
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

  /** Send corrected rows: POST /api/v1/batches/{number}/corrections. */
  batchesCorrections(number, body, { contentDigest, signatureInput, signature } = {}) {
    return this.#call("POST", `/api/v1/batches/${encodeURIComponent(number)}/corrections`, { headers: { "Content-Digest": contentDigest, "Signature-Input": signatureInput, "Signature": signature }, body });
  }

  /** Deliver a file: POST /api/v1/batches. */
  batchesDeliver(body, { kind, delivery, validOn, mapping, table, filename, idempotencyKey, contentDigest, signatureInput, signature } = {}) {
    return this.#call("POST", "/api/v1/batches", { query: { "kind": kind, "delivery": delivery, "valid_on": validOn, "mapping": mapping, "table": table, "filename": filename }, headers: { "Idempotency-Key": idempotencyKey, "Content-Digest": contentDigest, "Signature-Input": signatureInput, "Signature": signature }, body, kind: "application/octet-stream" });
  }

  /** The department's deliveries: GET /api/v1/batches. */
  batchesListed({ page, kind, state } = {}) {
    return this.#call("GET", "/api/v1/batches", { query: { "page": page, "kind": kind, "state": state } });
  }

  /** Name the columns: POST /api/v1/batches/{number}/mapping. */
  batchesMapping(number, body) {
    return this.#call("POST", `/api/v1/batches/${encodeURIComponent(number)}/mapping`, { body });
  }

  /** One delivery: GET /api/v1/batches/{number}. */
  batchesOne(number) {
    return this.#call("GET", `/api/v1/batches/${encodeURIComponent(number)}`);
  }

  /** Refused rows: GET /api/v1/batches/{number}/refused. */
  batchesRefused(number, { page } = {}) {
    return this.#call("GET", `/api/v1/batches/${encodeURIComponent(number)}/refused`, { query: { "page": page } });
  }

  /** Refused rows as a workbook: GET /api/v1/batches/{number}/refused.xlsx. */
  batchesRefusedWorkbook(number) {
    return this.#call("GET", `/api/v1/batches/${encodeURIComponent(number)}/refused.xlsx`);
  }

  /** Ask a check by a file: POST /api/v1/checks/stream. */
  checkFilesStream(body, { item, purpose, officer, idempotencyKey } = {}) {
    return this.#call("POST", "/api/v1/checks/stream", { query: { "item": item, "purpose": purpose, "officer": officer }, headers: { "Idempotency-Key": idempotencyKey }, body, kind: "application/octet-stream" });
  }

  /** Ask a check: POST /api/v1/checks. */
  checksAsk(body, { idempotencyKey } = {}) {
    return this.#call("POST", "/api/v1/checks", { headers: { "Idempotency-Key": idempotencyKey }, body });
  }

  /** Put a feedback right: POST /api/v1/checks/{answer}/feedback/correction. */
  checksCorrect(answer, body) {
    return this.#call("POST", `/api/v1/checks/${encodeURIComponent(answer)}/feedback/correction`, { body });
  }

  /** Say what the officer decided: POST /api/v1/checks/{answer}/feedback. */
  checksFeedback(answer, body) {
    return this.#call("POST", `/api/v1/checks/${encodeURIComponent(answer)}/feedback`, { body });
  }

  /** Approval items one may ask about: GET /api/v1/items. */
  checksItems() {
    return this.#call("GET", "/api/v1/items");
  }

  /** Read a check again: GET /api/v1/checks/{number}. */
  checksRead(number) {
    return this.#call("GET", `/api/v1/checks/${encodeURIComponent(number)}`);
  }

  /** Entries that a delivery brought: GET /api/v1/entries. */
  entriesOfMessage({ message } = {}) {
    return this.#call("GET", "/api/v1/entries", { query: { "message": message } });
  }

  /** Measures taken on one's entries: GET /api/v1/entries/uses. */
  entriesUses({ since } = {}) {
    return this.#call("GET", "/api/v1/entries/uses", { query: { "since": since } });
  }

  /** Suspend, resume or end an entry: POST /api/v1/entries/{reference}/changes. */
  holdsChange(reference, body) {
    return this.#call("POST", `/api/v1/entries/${encodeURIComponent(reference)}/changes`, { body });
  }

  /** Feedback owed: GET /api/v1/feedback/owed. */
  holdsOwed() {
    return this.#call("GET", "/api/v1/feedback/owed");
  }

  /** Open a check panel: POST /api/v1/panels. */
  holdsPanel(body) {
    return this.#call("POST", "/api/v1/panels", { body });
  }

  /** Send a proof: POST /api/v1/remedies/{number}/papers. */
  holdsPaper(number, body, { filename } = {}) {
    return this.#call("POST", `/api/v1/remedies/${encodeURIComponent(number)}/papers`, { query: { "filename": filename }, body, kind: "application/octet-stream" });
  }

  /** It was put right: POST /api/v1/checks/{answer}/remedies. */
  holdsPutRight(answer, body) {
    return this.#call("POST", `/api/v1/checks/${encodeURIComponent(answer)}/remedies`, { body });
  }

  /** Go on holding: POST /api/v1/checks/{answer}/hold. */
  holdsSign(answer, body) {
    return this.#call("POST", `/api/v1/checks/${encodeURIComponent(answer)}/hold`, { body });
  }

  /** Kinds of record one may send: GET /api/v1/kinds. */
  kindsKinds() {
    return this.#call("GET", "/api/v1/kinds");
  }

  /** The receipt of a check: GET /api/v1/checks/{number}/receipt. */
  receiptsOfCheck(number) {
    return this.#call("GET", `/api/v1/checks/${encodeURIComponent(number)}/receipt`);
  }

  /** Set refused rows aside: POST /api/v1/batches/{number}/aside. */
  rowsAsideSetAside(number, body, { contentDigest, signatureInput, signature } = {}) {
    return this.#call("POST", `/api/v1/batches/${encodeURIComponent(number)}/aside`, { headers: { "Content-Digest": contentDigest, "Signature-Input": signatureInput, "Signature": signature }, body });
  }

  /** Take rows back that were set aside: POST /api/v1/batches/{number}/aside/back. */
  rowsAsideTakeBack(number, body, { contentDigest, signatureInput, signature } = {}) {
    return this.#call("POST", `/api/v1/batches/${encodeURIComponent(number)}/aside/back`, { headers: { "Content-Digest": contentDigest, "Signature-Input": signatureInput, "Signature": signature }, body });
  }

  /** Deliver one record, or a few, and hear at once what became of them: POST /api/v1/records. */
  rowsDeliver(body, { kind, delivery, validOn, idempotencyKey, contentDigest, signatureInput, signature } = {}) {
    return this.#call("POST", "/api/v1/records", { query: { "kind": kind, "delivery": delivery, "valid_on": validOn }, headers: { "Idempotency-Key": idempotencyKey, "Content-Digest": contentDigest, "Signature-Input": signatureInput, "Signature": signature }, body });
  }

  /** Announce a file that comes in parts: POST /api/v1/uploads. */
  uploadsAnnounce(body, { contentDigest, signatureInput, signature } = {}) {
    return this.#call("POST", "/api/v1/uploads", { headers: { "Content-Digest": contentDigest, "Signature-Input": signatureInput, "Signature": signature }, body });
  }

  /** Make a delivery of it: POST /api/v1/uploads/{number}/finish. */
  uploadsFinish(number, body, { idempotencyKey } = {}) {
    return this.#call("POST", `/api/v1/uploads/${encodeURIComponent(number)}/finish`, { headers: { "Idempotency-Key": idempotencyKey }, body, kind: "application/octet-stream" });
  }

  /** Give an upload up: DELETE /api/v1/uploads/{number}. */
  uploadsGiveUp(number) {
    return this.#call("DELETE", `/api/v1/uploads/${encodeURIComponent(number)}`);
  }

  /** Send a part: PATCH /api/v1/uploads/{number}. */
  uploadsPart(number, body, { uploadOffset } = {}) {
    return this.#call("PATCH", `/api/v1/uploads/${encodeURIComponent(number)}`, { headers: { "Upload-Offset": uploadOffset }, body, kind: "application/octet-stream" });
  }

  /** How far an upload is: GET /api/v1/uploads/{number}. */
  uploadsProgress(number) {
    return this.#call("GET", `/api/v1/uploads/${encodeURIComponent(number)}`);
  }
}
