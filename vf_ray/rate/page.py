"""One offline page for a rater: two answers side by side, three keys, progress, and a file to send back.

Texts are set as text, never as markup, and the page's own policy forbids it to reach anything outside itself.
"""

import json
from collections.abc import Sequence

from vf_ray.page.style import CSS
from vf_ray.rate.sheet import Trial

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
STYLE = """
main{max-width:70rem;margin:0 auto;padding:1rem}
.sides{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
@media(max-width:40rem){.sides{grid-template-columns:1fr}}
.side{border:1px solid currentColor;border-radius:.4rem;padding:.8rem}
.side{white-space:pre-wrap;overflow-wrap:anywhere}
.prompt{white-space:pre-wrap;font-weight:600}
.shown{max-width:100%;max-height:24rem}
button{font:inherit;padding:.6rem 1rem;margin:.4rem .4rem 0 0}
progress{width:100%}
"""
BODY = """
<main>
<p>Which answer is better? Press 1 for the left, 2 for neither, 3 for the right; Backspace goes back. Your
verdicts stay on this machine until you save them.</p>
<progress id="done" value="0"></progress> <span id="count"></span>
<p class="prompt" id="prompt"></p>
<img class="shown" id="image" alt="" hidden>
<div class="sides"><div class="side" id="left"></div><div class="side" id="right"></div></div>
<p><button data-verdict="left">1 left</button><button data-verdict="tie">2 neither</button>
<button data-verdict="right">3 right</button><button id="back">back</button>
<button id="save">save</button></p>
</main>
"""
SCRIPT = """
const sheet = JSON.parse(document.getElementById('sheet').textContent);
const place = 'vf-ray-' + sheet.sheet + '-' + sheet.rater;
const verdicts = JSON.parse(localStorage.getItem(place) || '{}');
const get = id => document.getElementById(id);
let at = sheet.trials.findIndex(trial => !(trial.id in verdicts));
if (at < 0) at = sheet.trials.length;
function show() {
  const trial = sheet.trials[at], over = !trial;
  get('done').max = sheet.trials.length;
  get('done').value = Object.keys(verdicts).length;
  get('count').textContent = Object.keys(verdicts).length + ' of ' + sheet.trials.length;
  get('prompt').textContent = over ? 'That was all: save, and send the file back. Thank you.' : trial.prompt;
  get('left').textContent = over ? '' : trial.left;
  get('right').textContent = over ? '' : trial.right;
  get('image').hidden = over || !trial.image;
  if (!over && trial.image) get('image').src = trial.image;
}
function decide(verdict) {
  if (at >= sheet.trials.length) return;
  verdicts[sheet.trials[at].id] = verdict;
  localStorage.setItem(place, JSON.stringify(verdicts));
  at += 1;
  show();
}
function back() { if (at > 0) { at -= 1; show(); } }
function save() {
  const text = JSON.stringify({sheet: sheet.sheet, rater: sheet.rater, verdicts}, null, 1);
  const link = document.createElement('a');
  link.href = 'data:application/json;charset=utf-8,' + encodeURIComponent(text);
  link.download = 'ratings-' + sheet.rater + '.json';
  link.click();
}
document.querySelectorAll('[data-verdict]').forEach(b => b.onclick = () => decide(b.dataset.verdict));
get('back').onclick = back;
get('save').onclick = save;
document.onkeydown = event => {
  const verdict = {1: 'left', 2: 'tie', 3: 'right'}[event.key];
  if (verdict) decide(verdict);
  if (event.key === 'Backspace') back();
};
show();
"""
SEEN = ("prompt", "image", "left", "right")
"""What of a trial its rater sees; the models and the kind are the key's."""


def page(sheet: str, rater: str, trials: Sequence[Trial]) -> str:
    """Return the page of one rater; ``sheet`` tells it from other sheets in the same browser."""
    shown = [{**_seen(trial), "id": str(number)} for number, trial in enumerate(trials, start=1)]
    data = json.dumps({"sheet": sheet, "rater": rater, "trials": shown}, ensure_ascii=False)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{rater}</title><style>{CSS}{STYLE}</style></head><body>{BODY}"
        f"<script type='application/json' id='sheet'>{_inside_script(data)}</script>"
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def _seen(trial: Trial) -> dict[str, str]:
    return {name: getattr(trial, name) for name in SEEN}


def _inside_script(data: str) -> str:
    """Return JSON in which nothing ends the script that holds it."""
    return data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
