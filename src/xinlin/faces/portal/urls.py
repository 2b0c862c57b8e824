"""Addresses of the residents' pages."""

from __future__ import annotations

from django.urls import path

from xinlin.faces.portal import benefits, cases, consents, notices, people, records, repairs, scores, trades, whatif

app_name = "portal"
urlpatterns = [
    path("", people.home, name="home"),
    path("consent/", consents.consents, name="consents"),
    path("consent/score/", consents.open_score, name="consent"),
    path("consent/scene/<slug:code>/", consents.open_scene, name="scene"),
    path("leave/", consents.leave, name="leave"),
    path("receipts/<slug:number>/", consents.receipt, name="receipt"),
    path("receipts/<slug:number>/receipt.json", consents.receipt_json, name="receipt_json"),
    path("receipts/<slug:number>/receipt.pdf", consents.receipt_pdf, name="receipt_pdf"),
    path("deletions/<slug:number>/", consents.deletion, name="deletion"),
    path("deletions/<slug:number>/receipt.txt", consents.deletion_note, name="deletion_note"),
    path("deletions/<slug:number>/receipt.pdf", consents.deletion_pdf, name="deletion_pdf"),
    path("me/recording/", consents.recording, name="recording"),
    path("score/", scores.score, name="score"),
    path("score/why/", scores.why, name="why"),
    path("score/what-if/", whatif.what_if, name="what_if"),
    path("score/history/", trades.history, name="history"),
    path("score/history/<slug:number>.tlog-proof", trades.receipt, name="figure_receipt"),
    path("score/trades/", trades.trades, name="trades"),
    path("score/trades/<slug:code>/", trades.trade, name="trade"),
    path("records/", records.index, name="records"),
    path("records/<slug:reference>/", records.record, name="record"),
    path("records/<slug:reference>/delete/", consents.delete_record, name="delete_record"),
    path("records/<slug:reference>/wrong/", cases.wrong, name="wrong"),
    path("benefits/", benefits.offers, name="benefits"),
    path("deeds/", benefits.deeds, name="deeds"),
    path("appeals/", cases.appeals, name="appeals"),
    path("appeals/<slug:number>/", cases.appeal, name="appeal"),
    path("checks/", cases.checks, name="checks"),
    path("checks/<slug:answer>/wrong/", cases.check_wrong, name="check_wrong"),
    path("papers/<slug:number>/", cases.paper, name="paper"),
    path("looks/", people.looks, name="looks"),
    path("looks/<int:look>/why/", cases.look, name="look"),
    path("messages/", notices.messages, name="messages"),
    path("messages/<slug:number>/", notices.message, name="message"),
    path("me/contacts/", notices.contacts, name="contacts"),
    path("repairs/", repairs.repairs, name="repairs"),
    path("repairs/<slug:reference>/", repairs.repair, name="repair"),
    path("me/", people.me, name="me"),
    path("code/", people.code, name="code"),
]
