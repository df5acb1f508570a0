# Stages and states. Plain words; those of a creator are shown as they are called.

stage-new = new
stage-engaged = engaged
stage-customer = customer
stage-lost = lost

order-is-open = open
order-is-awaiting_payment = awaiting payment
order-is-paid = paid
order-is-fulfilled = fulfilled
order-is-oversold = oversold
order-is-expired = expired
order-is-cancelled = called off
order-is-refunded = refunded
order-is-partly_refunded = refunded in part
order-is-disputed = disputed

flow-is-active = active
flow-is-waiting = waiting
flow-is-paused = paused
flow-is-done = done
flow-is-cancelled = cancelled
flow-is-expired = ended without an answer

funnel-is-active = active
funnel-is-held = held
funnel-is-done = done
funnel-is-stopped = stopped
funnel-is-parked = parked

message-is-queued = queued
message-is-sending = sending
message-is-sent = sent
message-is-failed = failed
message-is-blocked = blocked
message-is-cancelled = cancelled
message-is-uncertain = uncertain

message-of-delivery = delivery
message-of-notice = notice
message-of-funnel = funnel
message-of-flow = flow
message-of-broadcast = broadcast
message-of-trial = test of a broadcast
message-of-post = post of an idea

about-order = order
about-link = link
about-flow = conversation
about-lead = lead
about-product = product
about-url = address
