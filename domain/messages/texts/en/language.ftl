# /language. Telegram HTML; values are escaped before they come here.

language-which = In which language shall I write to you? At present it is { $name }.
language-automatic = As in Telegram
language-changed = All right, from now on I write in { $name }.
language-follows = All right, I write in the language that you use Telegram in.
language-form = I speak { $languages }. Like this: <code>/language de</code>, or <code>/language auto</code> to follow Telegram.
