# Conversations on their way. Telegram HTML; values are escaped before they come here.

answer-not-optional = This one cannot be skipped. Please answer it, or end with /cancel.
answer-no-way-back = From this question there is no way back. Please answer it, or end with /cancel.
answer-none-before = There is no question before this one, so just answer it. /cancel ends this.
flow-paused = You were in the middle of something before. Shall we go on with it?
flow-paused-titled = Before that you were in the middle of <b>{ $title }</b>. Shall we go on with it?
button-go-on = Go on
button-leave-it = Leave it
flow-left = All right, we leave it.
flow-over = That conversation is over. /start begins again.
flow-gone = This is no longer on offer. /start shows what there is.
flow-given-up = Never mind, let us leave it here. A person has been told and can help you; /start begins again.
flow-reminder = Are you still there? Here is where we were:
chat-taken-over = A person is writing with you here. Just send your message.
relayed-unreadable = (something that cannot be shown here)
flow-told = 📝 Lead { $lead }, { $name }, has finished “{ $flow }”
flow-so-far-told = 📝 Lead { $lead }, { $name }, has not got to the end of “{ $flow }”. Answered so far:
flow-unreadable-told = ⚠️ Lead { $lead }, { $name }, was in a version of “{ $flow }” that can no longer be read; it has ended there. /lead { $lead } shows what was answered.
flow-stumbled = ⚠️ Your flow “{ $flow }” cannot do what stands at “{ $node }”: { $reason }. It goes on without it; mend it in its definition.
flow-given-up-told = ⚠️ Lead { $lead }, { $name }, could not answer “{ $node }” in your flow “{ $flow }”, and it has ended there. /lead { $lead } lets you write to them.
handover-told = 🤝 Lead { $lead }, { $name }, waits for a person. The bot keeps quiet there until you give the chat back.
question-skipped = ↷ Skipped
question-left = ↩ Back to the question before

# why a flow cannot do something, within another sentence
stumbled-circle = it goes round in a circle
stumbled-node = there is no node “{ $name }”
stumbled-media = { $media } is not there
stumbled-funnel = there is no funnel “{ $name }” any more
stumbled-product = no product “{ $name }” is for sale
