# what a follow-up tells its creator while it runs

funnel-parked = ⚠️ Your funnel “{ $funnel }” cannot go on for lead #{ $lead } at the step “{ $step }”: { $reason } They wait there, and whoever else meets the same does too; all others go on. /funnels shows them.
stumbled-webhook = the configuration knows no webhook “{ $name }”
