"""The choice before a paused funnel goes on: what is overdue, and what would become of it under each."""

from automations.resuming import Resuming
from domain.messages.catalogue import plain, say
from domain.messages.plain import Button, Message, column
from store.models import FunnelHead, Late


def resuming_screen(head: FunnelHead, foreseen: Resuming, usual: Late | None, language: str) -> Message:
    """`usual` is what the wording itself says."""
    lines = [say("funnels-resuming", language, name=head.key, held=foreseen.held, overdue=foreseen.overdue)]
    if foreseen.walked < foreseen.held:
        lines.append(say("funnels-resuming-some", language, walked=foreseen.walked))
    for late in (Late.SHIFT, Late.ONCE, Late.SKIP):
        under = foreseen.under[late]
        values = {"now": under.now, "later": under.later, "left": under.left_out}
        lines += ["", say(f"funnels-late-{late}", language), say("funnels-late-numbers", language, **values)]
        if late is usual:
            lines.append(say("funnels-late-usual", language))
    buttons = [
        Button(text=plain(f"funnels-button-{late}", language), data=f"fn:{head.id}:late:{late}")
        for late in (Late.SHIFT, Late.ONCE, Late.SKIP)
    ]
    back = Button(text=plain("funnels-button-card", language), data=f"fn:{head.id}:show")
    return Message(text="\n".join(lines), buttons=column(*buttons, back))
