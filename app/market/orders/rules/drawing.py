"""The table of the machine as pages show it: a matrix of states and acts, and a graph. Pure."""

from app.market.orders.rules.states import TARGETS, TERMINAL, TRANSITIONS, Act, State

BY_THEMSELVES = {
    Act.PUSH: "fill rule",
    Act.CAP_PAPERS: "clock PAPERS",
    Act.PASS_OVER: "another pick",
    Act.LAPSE: "clocks",
    Act.BREACH: "clocks",
    Act.REOPEN: "upheld appeal",
}


def draw_matrix() -> str:
    """A Markdown table: a row per state, a column per act; `·` where the act is refused, `=` where the state stays."""
    head = ["state", *(act.value for act in Act)]
    lines = [head, ["---"] * len(head)]
    for state in State:
        name = f"*{state.value}*" if state in TERMINAL else state.value
        lines.append([name, *(_cell(state, act) for act in Act)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def draw_graph() -> str:
    """A state diagram in Mermaid: every move that changes the state."""
    edges: dict[tuple[State, State], list[str]] = {}
    for start, act, to in sorted(
        TRANSITIONS, key=lambda row: (_place(row[0]), list(Act).index(row[1]), _place(row[2]))
    ):
        if start is not to:
            edges.setdefault((start, to), []).append(act.value)
    lines = [f"  {start.value} --> {to.value}: {', '.join(acts)}" for (start, to), acts in edges.items()]
    ends = [f"  {state.value} --> [*]" for state in State if state in TERMINAL]
    return "\n".join(["stateDiagram-v2", f"  [*] --> {State.LISTED.value}", *lines, *ends])


def _cell(state: State, act: Act) -> str:
    targets = TARGETS.get((state, act))
    if targets is None:
        return "·"
    return " / ".join("=" if to is state else to.value for to in sorted(targets, key=_place))


def _place(state: State) -> int:
    return list(State).index(state)
