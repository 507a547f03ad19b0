"""Where the member zone may look across members: each place is named here with its reason."""

from __future__ import annotations

import ast

from tests.architecture import sources

PLACES = {
    "app/member_api/auth.py": {"finish_wechat": "whose WeChat user signs in"},
    "app/member_api/mini.py": {
        "login": "whose WeChat user signs in",
        "bind_by_phone": "whose record the claim is",
    },
    "app/member_api/bind.py": {
        "send_code": "whose record the claim is",
        "bind_member": "a code that belongs to nobody yet",
        "bound_answer": "the binding of a member whom the session does not name yet",
    },
    "app/public/verification.py": {"_verify": "a paper is found by its number"},
    "app/public/centre.py": {"_look": "a paper is found by its number"},
    "app/member_api/relatives.py": {
        "look": "the masked names of the two whom a link joins",
        "invite": "a link has two members",
        "accept": "a code leads to another member's link",
        "end": "either of two members ends a link",
        "cases": "a relative whom the member let look",
    },
    "app/ops/notice_figures.py": {"collect": "figures of everybody"},
    "app/ops/face_figures.py": {"collect": "figures of everybody"},
    "app/ops/loan_figures.py": {"loan_figures_text": "figures of everybody"},
    "app/webhooks/bounded.py": {"bounded": "whose message WeChat pushes"},
    "app/webhooks/sms.py": {"receive": "whose notice a receipt is for"},
}


def test_nobody_else_looks_across_members() -> None:
    found: dict[str, set[str]] = {}
    for path in sources.python_files(*sources.PRODUCT):
        for function in ast.walk(sources.tree(path)):
            if isinstance(function, ast.FunctionDef) and function.name != "across_members":
                names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
                if "across_members" in names:
                    found.setdefault(sources.name(path), set()).add(function.name)
    assert found == {path: set(places) for path, places in PLACES.items()}
