const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** An RFC 3339 instant or Unix seconds, as Telegram counts. */
export function instant(value) {
  return new Date(typeof value === "number" ? value * 1000 : value);
}

export const clockTime = (date) => CLOCK.format(date);
export const fullTime = (date) => FULL.format(date);

/** The day as a person would head it; the year only where it is another one. */
export function dayName(date, now) {
  return (date.getFullYear() === now.getFullYear() ? DAY : DAY_AND_YEAR).format(date);
}

export function dayKey(date) {
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** "3 h" for a length in milliseconds, in its largest whole unit. */
export function roughly(milliseconds) {
  const minutes = Math.round(milliseconds / 60000);
  if (minutes < 1) return "under a minute";
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
