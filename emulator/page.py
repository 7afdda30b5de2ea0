"""The web page at `/`: the account as a console would show it, drawn anew every few seconds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

from emulator import products
from emulator.cloud import Cloud
from emulator.world import iso

CALLS_SHOWN = 30

Rows = list[dict[str, Any]]


def page(cloud: Cloud) -> Response:
    world = cloud.world
    account = {
        "Account ID": world.account_id,
        "Alias": world.account_alias,
        "Region": world.region,
        "Clock": iso(world.now()),
        "Speed": f"x {world.clock.speed:g}",
        "Account AccessKey": cloud.access_key_id,
    }
    sections = [_table("Account", [account])]
    for product in products.PRODUCTS:
        for overview in product.offered("overview"):
            sections += [_table(title, rows) for title, rows in overview(world).items()]
    sections.append(_table(f"Last {CALLS_SHOWN} calls", _calls(cloud)))
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(_PAGE.replace("$MAIN", "\n".join(sections)), headers=headers)


def _calls(cloud: Cloud) -> Rows:
    recent = cloud.calls.since(cloud.calls.last - CALLS_SHOWN)
    return [
        {
            "#": call["n"],
            "Time": call["time"],
            "Product": call["product"],
            "Action": call["action"],
            "Caller": call["caller"],
            "Verdict": _verdict(call),
            "RequestId": call["request_id"],
        }
        for call in reversed(recent)
    ]


def _verdict(call: dict[str, Any]) -> str:
    if call["status"] == 0:
        return "no answer (fault)"
    return f"{call['status']} {call['code']}".strip()


def _table(title: str, rows: Rows) -> str:
    head = f"<section><h2>{escape(title)} <small>{len(rows)}</small></h2>"
    if not rows:
        return f"{head}<p>none</p></section>"
    columns = list(dict.fromkeys(column for row in rows for column in row))
    header = "".join(f"<th>{escape(str(column))}</th>" for column in columns)
    body = "".join(f"<tr>{_cells(row, columns)}</tr>" for row in rows)
    return f"{head}<div><table><tr>{header}</tr>{body}</table></div></section>"


def _cells(row: dict[str, Any], columns: Iterable[str]) -> str:
    return "".join(f"<td>{_cell(row.get(column, ''))}</td>" for column in columns)


def _cell(value: Any) -> str:
    if isinstance(value, dict) and "progress" in value:
        share = min(1.0, max(0.0, float(value["progress"])))
        label = escape(str(value.get("label", f"{share:.0%}")))
        return f'<progress value="{share:.3f}" max="1"></progress> {label}'
    if isinstance(value, dict) and "document" in value:
        return _folded(_pretty(str(value["document"])))
    if isinstance(value, list | tuple):
        return escape(", ".join(str(item) for item in value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return _folded(json.dumps(value, indent=1, default=str))
    return escape("" if value is None else str(value))


def _folded(text: str) -> str:
    return f"<details><summary>document</summary><pre>{escape(text)}</pre></details>"


def _pretty(document: str) -> str:
    try:
        return json.dumps(json.loads(document), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        return document


# Redraws the tables in place, so that opened documents and the scroll position stay; waits while text is selected.
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Alibaba Cloud emulator</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --line: #d9d9d9; --soft: #f5f5f6; --ink: #181818; --back: #fff; --mark: #ff6a00 }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a3a3d; --soft: #252528; --ink: #e6e6e6; --back: #19191b }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink); font: 13px/1.5 system-ui, sans-serif }
header { padding: 10px 20px; border-bottom: 2px solid var(--mark) }
h1 { font-size: 16px; margin: 0 } h2 { font-size: 14px; margin: 18px 0 6px } small { opacity: .6; font-weight: 400 }
main { padding: 0 20px 30px } section div { overflow-x: auto } p { margin: 0; opacity: .6 }
table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid var(--line); padding: 4px 8px; text-align: left; vertical-align: top }
th { background: var(--soft); font-weight: 600; white-space: nowrap }
pre { margin: 4px 0; font-size: 12px } summary { cursor: pointer } progress { width: 90px; accent-color: var(--mark) }
</style></head><body>
<header><h1>Alibaba Cloud emulator</h1></header>
<main>
$MAIN
</main>
<script>
async function redraw() {
  try {
    if (String(getSelection())) return;
    const answer = await fetch("/", { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const opened = [...document.querySelectorAll("details")].map(d => d.open);
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    const details = document.querySelectorAll("details");
    if (details.length === opened.length) opened.forEach((open, i) => { details[i].open = open; });
  } catch { /* the emulator is not there now; try again later */ }
}
setInterval(redraw, 2000);
</script>
</body></html>
"""
