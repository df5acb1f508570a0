# Follow-ups. Telegram HTML; values are escaped before they come here.

way-out = <i>/stop ends these messages.</i>
