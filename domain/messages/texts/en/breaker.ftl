# A step that makes people block the bot is stopped by itself.

breaker-stopped = ⛔ { $blocked } of the last { $sent } who got the step “{ $step }” of your funnel “{ $funnel }” have blocked the bot since. That is far more than usual, so the step stands still; the rest of the funnel runs, and whoever comes to that step is held there. Look at what it says, change it or start it again.
breaker-start = ▶️ Start it again
