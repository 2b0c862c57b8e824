"""Wordings for the outcome of a case, from which a person starts; none goes out by itself (参考措辞)."""

from __future__ import annotations

from xinlin.core.values import Text


def suggested(what: str) -> dict[str, Text]:
    """By outcome; ``what`` is the document, or the record's number, that the case is about."""
    return {
        "delete": Text(
            zh=f"经核查，该记录（{what}）与申请人无关或事实不成立，予以删除。",
            en=f"The record ({what}) does not concern the applicant or is not true; it is deleted.",
        ),
        "correct": Text(
            zh=f"经核查，该记录（{what}）部分内容有误，已按决定文书更正，以更正后的内容为准。",
            en=f"Part of the record ({what}) was wrong; it is corrected after the decision, and the corrected version holds.",
        ),
        "supplement": Text(
            zh=f"经核查，该记录（{what}）内容不完整，已补充说明，与记录一并显示。",
            en=f"The record ({what}) was incomplete; what was missing is added and shown beside it.",
        ),
        "remove_from_list": Text(
            zh=f"经核查，列入名单的依据（{what}）不成立或已消失，移出名单。",
            en=f"The ground for the listing ({what}) does not hold or has gone; the entry leaves the list.",
        ),
        "stop_disclosure": Text(
            zh=f"经核查，该记录（{what}）不应或不再公开，终止公开。",
            en=f"The record ({what}) is not, or no longer, to be disclosed.",
        ),
        "reject": Text(
            zh=f"经核实，该记录（{what}）与决定文书一致，维持原记录。您可以申请复核，也可以依法申请行政复议或提起诉讼。",
            en=f"The record ({what}) agrees with the decision; it stands. You may ask for a review, or go to administrative "
            "reconsideration or to court.",
        ),
        "unresolved": Text(
            zh=f"现有材料无法核实该记录（{what}），记载异议和核查情况，记录保持异议标注。",
            en=f"The record ({what}) cannot be settled on what is there; the objection is recorded and the mark stays.",
        ),
        "repaired": Text(
            zh=f"申请人已履行义务、消除影响，材料齐全，准予修复（{what}）。",
            en=f"The duty is fulfilled, the harm removed and the papers complete: repaired ({what}).",
        ),
        "refused": Text(
            zh="经核查，义务尚未履行完毕，不予修复；履行完毕后可再次申请。",
            en="The duty is not yet fulfilled; apply again once it is.",
        ),
        "false_papers": Text(
            zh=f"经核查，所交材料（{what}）系有意虚假提供，不予修复，并记录在案。",
            en=f"The papers ({what}) were false on purpose: not repaired, and noted.",
        ),
        "accepted": Text(zh="经核实，申报属实，记入本人记录。", en="It is as declared; it becomes a record of yours."),
        "not_shown": Text(
            zh="现有材料不能证明申报的善行；不影响您的任何记录和分数，补充材料后可再次申报。",
            en="What is there does not show the deed; nothing of yours is touched, and you may declare it again with more.",
        ),
        "lawful": Text(
            zh="经核查，该次查询有职责依据和用途，未超出范围。",
            en="The look had a duty, a clause and a purpose, and did not go beyond them.",
        ),
        "unlawful": Text(
            zh="经核查，该次查询没有依据或超出范围，已移交处理。",
            en="The look had no basis or went beyond it; the matter has been passed on.",
        ),
    }
