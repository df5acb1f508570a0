"""Time zones as people name them: by city, country, telephone number or IANA name."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import phonenumbers
from babel.core import Locale, get_global
from babel.dates import get_timezone_location
from phonenumbers.timezone import time_zones_for_number

from domain.messages.catalogue import LANGUAGES
from kit.zones import zone_names

# a button names one by its place here, for as long as its message stands: add below, and take nothing away
COMMON_ZONES = (
    *("Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/London", "America/New_York", "America/Chicago"),
    *("America/Denver", "America/Los_Angeles", "Asia/Kolkata", "Australia/Sydney", "Europe/Madrid"),
    *("America/Mexico_City", "America/Argentina/Buenos_Aires", "Europe/Lisbon", "America/Sao_Paulo", "Europe/Paris"),
    *("Europe/Rome", "Europe/Amsterdam", "Europe/Warsaw", "Europe/Kyiv", "Europe/Istanbul", "Asia/Tokyo"),
)
# the others are English's: https://core.telegram.org/bots/api#user gives no more than the language
_BY_LANGUAGE = {
    "de": ("Europe/Berlin", "Europe/Vienna", "Europe/Zurich"),
    "es": ("Europe/Madrid", "America/Mexico_City", "America/Argentina/Buenos_Aires"),
    "pt": ("Europe/Lisbon", "America/Sao_Paulo"),
    "fr": ("Europe/Paris", "Europe/Zurich"),
    "it": ("Europe/Rome", "Europe/Zurich"),
    "nl": ("Europe/Amsterdam",),
    "pl": ("Europe/Warsaw",),
    "uk": ("Europe/Kyiv",),
    "tr": ("Europe/Istanbul",),
    "ja": ("Asia/Tokyo",),
}
_ENGLISH = (
    *("Europe/London", "Europe/Berlin", "America/New_York", "America/Chicago", "America/Denver"),
    *("America/Los_Angeles", "Asia/Kolkata", "Australia/Sydney"),
)
# large cities that no zone is called after
_CITIES = {
    "Europe/Berlin": "Munich, München, Hamburg, Cologne, Köln, Frankfurt, Stuttgart, Düsseldorf, Leipzig, Dresden",
    "Europe/Vienna": "Graz, Salzburg, Linz, Innsbruck",
    "Europe/Zurich": "Geneva, Genf, Genève, Basel, Bern, Lausanne",
    "Europe/London": "Manchester, Liverpool, Leeds, Glasgow, Edinburgh, Cardiff, Bristol",
    "Europe/Paris": "Lyon, Marseille, Toulouse, Bordeaux, Lille, Nice, Strasbourg, Straßburg",
    "Europe/Madrid": "Barcelona, Valencia, Seville, Sevilla, Bilbao, Málaga",
    "Europe/Lisbon": "Porto",
    "Europe/Rome": "Milan, Milano, Mailand, Naples, Napoli, Neapel, Turin, Torino, Florence, Firenze, Florenz, Venezia",
    "Europe/Amsterdam": "Rotterdam, The Hague, Den Haag, Utrecht, Eindhoven",
    "Europe/Brussels": "Antwerp, Antwerpen, Ghent, Gent",
    "Europe/Warsaw": "Krakow, Kraków, Krakau, Wrocław, Gdańsk, Poznań, Łódź",
    "Europe/Stockholm": "Gothenburg, Göteborg, Malmö",
    "Europe/Kyiv": "Lviv, Odesa, Kharkiv, Dnipro",
    "Europe/Istanbul": "Ankara, Izmir",
    "Europe/Moscow": "Saint Petersburg, Sankt Petersburg",
    "America/New_York": "Boston, Washington, Philadelphia, Miami, Atlanta, Orlando, Brooklyn, NYC, Pittsburgh",
    "America/Chicago": "Houston, Dallas, Austin, San Antonio, Minneapolis, New Orleans, Nashville, St. Louis",
    "America/Denver": "Salt Lake City, Albuquerque",
    "America/Los_Angeles": "San Francisco, Seattle, Portland, San Diego, Las Vegas, Sacramento, LA",
    "America/Toronto": "Montreal, Montréal, Ottawa, Quebec, Québec",
    "America/Edmonton": "Calgary",
    "America/Mexico_City": "Guadalajara, Puebla",
    "America/Sao_Paulo": "Rio de Janeiro, Brasília, Curitiba, Belo Horizonte, Porto Alegre",
    "America/Argentina/Buenos_Aires": "Rosario",
    "America/Bogota": "Medellín, Cali",
    "Asia/Kolkata": "Mumbai, Bombay, Delhi, New Delhi, Bangalore, Bengaluru, Chennai, Hyderabad, Pune, Ahmedabad",
    "Asia/Karachi": "Lahore, Islamabad",
    "Asia/Shanghai": "Beijing, Peking, Shenzhen, Guangzhou, Chengdu",
    "Asia/Tokyo": "Osaka, Kyoto, Yokohama, Nagoya",
    "Asia/Seoul": "Busan",
    "Asia/Ho_Chi_Minh": "Hanoi, Saigon",
    "Asia/Dubai": "Abu Dhabi",
    "Asia/Riyadh": "Jeddah, Mecca",
    "Asia/Jerusalem": "Tel Aviv, Haifa",
    "Africa/Johannesburg": "Cape Town, Kapstadt, Durban, Pretoria",
    "Africa/Lagos": "Abuja",
    "Africa/Casablanca": "Marrakesh, Rabat",
    "Australia/Sydney": "Canberra",
    "Pacific/Auckland": "Wellington, Christchurch",
}
# to many people it is one of the United States
_NOT_BY_COUNTRY = frozenset({"GE"})
_OFFSET = re.compile(r"(?:utc|gmt|z)?\s*[+−-]\s*\d{1,2}(?::?\d{2})?|gmt|zulu", re.IGNORECASE)
_ABBREVIATIONS = frozenset(
    {"cet", "cest", "mez", "mesz", "wet", "west", "eet", "eest", "bst", "ist", "msk", "jst", "kst", "hst", "akst"}
    | {"est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "et", "ct", "mt", "pt", "aest", "aedt", "awst", "nzst"}
)
# the clocks of two zones are compared at these, which no summer time of the world slips between
_MOMENTS = tuple(datetime(2026, month, day, tzinfo=UTC) for month in range(1, 13) for day in (1, 16))


def likely_zones(language: str) -> tuple[str, ...]:
    """Those to offer as buttons to somebody of whom the language is known."""
    return _BY_LANGUAGE.get(language.partition("-")[0].lower(), _ENGLISH)


def city_of(zone: str, language: str) -> str:
    """What the language calls the zone's city: `Wien`."""
    return str(get_timezone_location(zone, locale=language, return_city=True)).rpartition("/")[2]


def is_offset(text: str) -> bool:
    """`UTC+2` or `CET`: hours that hold for half of a year at best."""
    return _OFFSET.fullmatch(text.strip()) is not None or text.strip().casefold() in _ABBREVIATIONS


def is_zone(name: str) -> bool:
    """Whether it is an IANA name, letter for letter."""
    return name in zone_names()


def find_zone(text: str) -> str | None:
    """The IANA name for a city, a country that has one time, or an IANA name; None when it is not known."""
    return _zones_by_name().get(_bare(text))


def zone_by_phone(e164: str) -> str | None:
    """The zone that the number tells; None where it leaves several whose clocks differ."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return None
    main = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return _one_of(tuple(time_zones_for_number(number)), main)


@cache
def _one_of(told: tuple[str, ...], country: str) -> str | None:
    """The country's own zone before those of its islands, when all of them keep one time."""
    zones = [zone for zone in told if zone in zone_names()]
    if not zones or not _agree(zones):
        return None
    of_country = get_global("territory_zones").get(country, ())
    return next((zone for zone in zones if zone in of_country), zones[0])


def _agree(zones: Iterable[str]) -> bool:
    clocks = {tuple(moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in _MOMENTS) for zone in zones}
    return len(clocks) == 1


def _bare(text: str) -> str:
    """Without accents, and with spaces for whatever else stands between words; `/` stays."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(each for each in folded if not unicodedata.combining(each))
    return " ".join(re.sub(r"[^\w/+]|_", " ", letters).split())


@cache
def _zones_by_name() -> dict[str, str]:
    """A more exact name wins: what IANA calls a zone, then its city, then other cities, then countries."""
    known = zone_names()
    aliases = get_global("zone_aliases")
    zones = {name: aliases.get(name, name) for name in known if "/" in name and not name.startswith("Etc/")}
    zones = {name: zone if zone in known else name for name, zone in zones.items()}
    spoken = [Locale.parse(language) for language in sorted(LANGUAGES)]
    found = {_bare(name): zone for name, zone in zones.items()} | {"utc": "UTC"}
    cities: dict[str, set[str]] = {}
    for name, zone in zones.items():
        own = ((locale.time_zones.get(name) or {}).get("city") for locale in spoken)
        for city in (name.rpartition("/")[2], *(each for each in own if each)):
            cities.setdefault(_bare(city), set()).add(zone)
    for city, named in cities.items():
        if len(named) == 1:
            found.setdefault(city, *named)
    for zone, listed in _CITIES.items():
        for city in listed.split(", "):
            found.setdefault(_bare(city), zone)
    for locale in spoken:
        for country, name in locale.territories.items():
            of_country = _of_country(country)
            if of_country and country not in _NOT_BY_COUNTRY:
                found.setdefault(_bare(name), of_country[0])
    return found


@cache
def _of_country(country: str) -> Sequence[str]:
    zones = [zone for zone in get_global("territory_zones").get(country, ()) if zone in zone_names()]
    return zones if zones and _agree(zones) else ()
