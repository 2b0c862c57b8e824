"""Addresses of the staff's desk, below ``/bench/``."""

from __future__ import annotations

from django.urls import path

from xinlin.faces.bench import batches, cases, checks, home, log, looks, model, names, publicity, situation

app_name = "bench"
urlpatterns = [
    path("", home.home, name="home"),
    path("intake/", batches.batches, name="batches"),
    path("intake/new/", batches.upload, name="upload"),
    path("intake/<str:number>/", batches.batch, name="batch"),
    path("intake/<str:number>/columns/", batches.mapping, name="mapping"),
    path("intake/<str:number>/confirm/", batches.confirm, name="confirm"),
    path("intake/<str:number>/refused/", batches.refused, name="refused"),
    path("intake/<str:number>/refused.xlsx", batches.workbook, name="workbook"),
    path("checks/", checks.checks, name="checks"),
    path("checks/overdue/", checks.overdue, name="checks_overdue"),
    path("checks/<str:number>/", checks.check, name="check"),
    path("checks/<str:number>/answers/<str:answer>/feedback/", checks.feedback, name="feedback"),
    path("cases/", cases.cases, name="cases"),
    path("cases/letters/", cases.letters, name="letters"),
    path("cases/tellings/", cases.tellings, name="tellings"),
    path("cases/papers/<slug:number>/", cases.paper, name="paper"),
    path("cases/<slug:number>/", cases.case, name="case"),
    path("publicity/", publicity.publicity, name="publicity"),
    path("publicity/new/", publicity.new_case, name="new_case"),
    path("publicity/cases/<str:number>/down/", publicity.take_down, name="take_down_case"),
    path("publicity/requests/<str:number>/", publicity.decide, name="decide_takedown"),
    path("names/", names.names, name="names"),
    path("log/", log.log, name="log"),
    path("log/proofs/<int:index>/", log.proof, name="log_proof"),
    path("model/", model.model, name="model"),
    path("model/new/", model.propose, name="propose"),
    path("model/file/<slug:code>/", model.scheme_file, name="scheme_file"),
    path("model/<slug:number>/", model.proposal, name="proposal"),
    path("model/<slug:number>/sign/", model.sign, name="proposal_sign"),
    path("model/<slug:number>/withdraw/", model.withdraw, name="proposal_withdraw"),
    path("runs/", model.runs, name="runs"),
    path("looks/", looks.look_alarms, name="look_alarms"),
    path("looks/<int:number>/", looks.look_alarm, name="look_alarm"),
    path("alerts/", situation.alerts, name="alerts"),
    path("trends/", situation.trends, name="trends"),
    path("scenes/", situation.scenes, name="scenes"),
    path("operations/", situation.operations, name="operations"),
]
