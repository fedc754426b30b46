"""A model of PagerDuty under random facts and outcomes; run: .venv/bin/python fuzz.py FIRST LAST"""
import random, sys
sys.path.insert(0, str(__import__("pathlib").Path.cwd()))
from tests.engine.harness import Bench, configuration, rule, channel
from tests.engine.test_taking import pager
from tests.engine.test_taken_back import GROUPING
from tocsin import Outcome
from tocsin.engine import crowds
from tocsin.engine.gates import acknowledged
DEL, DOWN, UNK, REJ = Outcome.delivered(), Outcome.unavailable("d"), Outcome.unknown("u"), Outcome.rejected("r")

class Tool:
    def __init__(self): self.keys = {}; self.log = []
    def take(self, n):
        key = (n.incident_id, n.reopened)
        was = self.keys.get(key)
        if n.over: self.keys[key] = "resolved"
        elif str(n.kind) == "acknowledged":
            if was == "triggered": self.keys[key] = "acked"
        elif was in (None, "resolved"): self.keys[key] = "triggered"
        if n.reopened and str(n.kind) != "acknowledged":
            k = (n.incident_id, n.reopened - 1)
            if k in self.keys: self.keys[k] = "resolved"

def answer(one, tool, s, rng, sure=False):
    r = rng.random()
    if sure or r < .6: tool.take(s.notification); o = DEL
    elif r < .7: tool.take(s.notification); o = UNK
    elif r < .8: o = UNK
    else: o = DOWN
    one.outcome(s, o)
    tool.log.append((round(one.at,1), s.kind, s.firing, s.resolved, s.attempt, s.notification.reopened, o.status.value))

def run(seed, verbose=False):
    rng = random.Random(seed)
    opts = rng.choice([{}, GROUPING])
    lim = rng.choice([None, None, 2])
    def conf(**o): return configuration(pager(rate_limit_per_minute=lim, **o), rules=[rule("all", "pager")], **opts)
    one = Bench(conf(), answer=None); tool = Tool()
    ops = []
    names = ["a", "b", "c"]; sev = {}
    nsil = 0; lossy = seed % 2
    for _ in range(rng.randint(8, 40)):
        op = rng.choice(["fire"]*4 + ["resolve"]*2 + ["ack"]*5 + ["snooze", "silence", "wake", "wake", "wake", "short", "answer", "answer", "answer", "restart", "deaf"])
        n = rng.choice(names)
        if op == "fire":
            s = rng.choice(["warning", "error", "critical"]); ops.append((one.at, op, n, s)); one.fire(n, s)
        elif op == "resolve": ops.append((one.at, op, n)); one.resolve(n)
        elif op == "ack":
            f = rng.choice([None, None, 60.0, 400.0]); ops.append((one.at, op, n, f)); one.ack(n, f)
        elif op == "snooze": ops.append((one.at, op, n)); one.snooze(n, rng.choice([50.0, 500.0]))
        elif op == "silence":
            nsil += 1; u = one.at + rng.choice([100.0, 800.0]); ops.append((one.at, op, n, u)); one.silence(f"s{nsil}", u, alert_id=n)
        elif op in ("wake", "short"):
            one.wake(one.at + (rng.choice([1, 5, 30]) if op == "short" else rng.choice([100, 310, 700])))
        elif op == "answer":
            for s in list(one.under_way.values()):
                if rng.random() < .8: answer(one, tool, s, rng, sure=not lossy)
        elif op == "restart" and rng.random() < .5:
            ops.append((one.at, op)); 
            for s in list(one.under_way.values()):
                if rng.random() < .5: tool.take(s.notification); tool.log.append(("crash-arrived", s.kind, s.notification.reopened))
            one.restart()
    ops.append((one.at, "calm"))
    end = one.at + 9000
    while one.at < end:
        for _ in range(20):
            ws = list(one.under_way.values())
            if not ws: break
            for s in ws: answer(one, tool, s, rng, sure=True)
        one.wake(one.at + 50)
    st = one.engine.state if hasattr(one, "engine") else one._engine.state
    bad = []
    for iid, inc in st.incidents.items():
        line = inc.lines.get("pager")
        if line is None: continue
        keys = {k: v for k, v in tool.keys.items() if k[0] == iid}
        fires = [e for e in line.told if st.episodes[e].resolved_at is None]
        opened = [e for e in fires if not (st.episodes[e].ack and st.episodes[e].severity <= st.episodes[e].ack.severity)]
        trig = [k for k, v in keys.items() if v == "triggered"]; live = [k for k, v in keys.items() if v != "resolved"]
        if opened and not trig: bad.append(("NOBODY CALLED", iid, opened, keys))
        if fires and not opened and trig: bad.append(("called though taken", iid, keys))
        if not inc.firing and live: bad.append(("left open", iid, keys))
        if len(live) > 1: bad.append(("several open", iid, keys))
        told_untold = [e for e in inc.firing if e not in line.told and not (st.episodes[e].ack)]
        if told_untold: bad.append(("untold", told_untold))
    if verbose:
        for o in ops: print(o)
        for l in tool.log: print(l)
    return bad, ("grouping" if opts else "window", lim)

if __name__ == "__main__":
    a, b = int(sys.argv[1]), int(sys.argv[2]); n = 0
    for seed in range(a, b):
        bad, what = run(seed, verbose=b == a + 1)
        if bad:
            n += 1; print(seed, what, [x[0] for x in bad], bad[0][-1])
            if n > 12: break
    print("done", seed, n)
