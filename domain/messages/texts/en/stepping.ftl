# what a follow-up tells its creator while it runs

funnel-parked = ⚠️ Your funnel “{ $funnel }” cannot go on for lead #{ $lead } at the step “{ $step }”: { $reason }

    They wait there, and whoever else meets the same does too; all others go on. /funnels shows them.
stumbled-webhook = the configuration knows no webhook “{ $name }”
webhook-failed = ⚠️ Your webhook “{ $name }” could not be told what a funnel had to say to it, for two days: { $reason }. What was to be told is given up; later calls go out as ever.
