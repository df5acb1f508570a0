# Leads in from, and out to, CSV files. Telegram HTML; values are escaped before they come here.

command-export = Your leads as a CSV file
import-taken = Got “{ $name }”. I look through it first; nothing becomes a lead before you say yes.
import-too-big = That file has { $size } MB, and Telegram gives bots files of up to 20 MB only. Split it, and send the parts one after the other.
import-checked = 📄 <b>{ $name }</b>: { $rows ->
        [one] 1 row
       *[other] { $rows } rows
    } looked through. Nothing is saved yet.
import-tally = ➕ { $added } new · 🔁 { $known } known already (only what is empty is filled in) · ⚠️ { $bad } cannot be taken
import-columns = <b>Columns</b>
import-column = { $column } → { $field }
import-more = … and { $count } more
import-known = <b>Known already</b>
import-known-row = row { $row } is lead { $lead }
import-problems = <b>Cannot be taken</b>
import-problem = row { $row }: { $reason }
import-nothing = There is nothing to import so. Change the columns, or mend the file and send it again.
import-button-go = Import { $rows ->
        [one] 1 row
       *[other] { $rows } rows
    }
import-button-columns = Change columns
import-button-leave = Cancel
import-button-before = ‹ Back
import-button-behind = More ›
import-choose-column = Which column?
import-choose-target = What is “{ $column }”?
import-going = The import of “{ $name }” has begun.
import-left = “{ $name }” is let go. Nothing was imported.
import-again = Looking through “{ $name }” again.
import-done = ✅ <b>{ $name }</b> is imported: { $added } added, { $changed } filled in, { $same } unchanged, { $bad } not taken.
import-problems-file = Every row that cannot be taken, with the reason. Mend them there and send that file: its first two columns are left out.
import-known-file = Every row that is a lead already.
import-failed = “{ $name }” could not be worked on: { $reason }
import-broke = Spark failed at it. What was imported stays; the log tells why.
import-gone = Telegram no longer has the file. Send it again.
import-left-out = left out
import-target-name = name
import-target-first-name = first name
import-target-last-name = last name
import-target-email = e-mail
import-target-phone = phone
import-target-source = source
import-target-tags = tags
import-target-stage = stage
import-target-score = score
import-target-time-zone = time zone
import-target-consent = consent
import-target-unsubscribed = unsubscribed
import-target-lead = number of the lead
import-target-first-name-in-telegram = first name in Telegram, only compared
import-target-username = username in Telegram, only compared
import-is-workbook = this is a workbook; save it as CSV first
import-not-text = this is no text file
import-empty = the first line is empty; it has to name the columns
import-bad-header = the first row cannot be read; it has to name the columns
import-no-header = the first row looks like a lead; it has to name the columns (Name, E-mail, Phone …)
import-many-columns = there are more than { $most } columns
import-same-column = the columns { $first } and { $second } are both called “{ $name }”
import-long-line = a line is longer than a megabyte, so this is hardly a CSV file
import-much-broken = too many rows are no CSV at all (quotes that are never closed)
import-broken-quotes = a quote is not closed, or text follows a closing quote
import-nul = there is a NUL character in it
import-ragged = it has { $cells } cells where the header has { $columns }
import-long-cell = “{ $column }” is longer than { $most } characters
import-nobody = no name, e-mail or phone
import-bad-email = “{ $column }” is no e-mail address
import-bad-phone = “{ $column }” is no phone number with its country code (+49 151 …)
import-long-name = the name is longer than { $most } characters
import-long-source = “{ $column }” is longer than { $most } characters
import-bad-tag = “{ $column }”: a tag has up to 40 letters, digits and hyphens
import-bad-stage = “{ $column }” is no stage; there are { $stages }
import-bad-score = “{ $column }” is no whole number
import-bad-zone = “{ $column }” is no time zone such as Europe/Berlin
import-bad-moment = “{ $column }” lies in the future, or long ago
import-bad-date = “{ $column }” is no date such as 2026-12-31 or 31.12.2026
import-bad-number = “{ $column }” is no number such as 12.5
import-bad-yes-no = “{ $column }” is neither yes nor no
import-bad-choice = “{ $column }” is none of { $options }
import-bad-place = “{ $column }” is no place such as 52.52, 13.405
import-no-file = “{ $column }” is a file, and files do not come by CSV
import-two-leads = its e-mail is lead { $email }’s and its phone is lead { $phone }’s
import-same-email = the same e-mail as row { $row }
import-same-phone = the same phone as row { $row }
import-same-lead = the same lead ({ $lead }) as row { $row }
import-was-forgotten = lead { $lead } asked to be forgotten
import-was-merged = lead { $lead } is a part of lead { $into } by now
import-lead-gone = lead { $lead } was merged or forgotten a moment ago
import-taken-meanwhile = somebody else has its e-mail or phone by now
transfer-progress-check = ⏳ Looking through the file: { $rows } rows, { $rate } a second
transfer-progress-import = ⏳ Importing: { $rows } rows, { $rate } a second
transfer-progress-export = ⏳ Exporting: { $rows } leads, { $rate } a second
transfer-progress-left = { $percent } % · about { $minutes } min { $seconds } s to go
transfer-progress-over = ✔️ { $rows } rows
export-taken = Your leads are on their way.
export-done = { $leads ->
        [one] 1 lead
       *[other] { $leads } leads
    }. What a spreadsheet would take for a formula has an apostrophe in front; an import takes it off again.
export-part = Part { $part } of { $parts }.
export-none = No lead fits that.
