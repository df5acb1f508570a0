"""What would be said when, and why not, as one message: the lines that the command line has too."""

from zoneinfo import ZoneInfo

from automations.simulated import Simulation
from automations.timeline import timeline
from bot.handlers.lead_card import fitting
from domain.messages.catalogue import say_why
from domain.messages.plain import Message


def simulation_screen(simulation: Simulation, zone: ZoneInfo, language: str) -> Message:
    """As much of it as one message takes."""
    return Message(text=fitting([say_why(each, language) for each in timeline(simulation, language, zone)]))
