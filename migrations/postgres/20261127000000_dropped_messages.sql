-- Dead letters that an operator has given up for ever. They stay, with their key, so that the same message delivered
-- again is still a duplicate; but nobody is asked to look at them any more.

-- When; only where the state is 2 (dead).
ALTER TABLE inbox ADD COLUMN dropped_at timestamptz;

DROP INDEX inbox_dead;
CREATE INDEX inbox_dead ON inbox (received_at) WHERE state = 2 AND dropped_at IS NULL;
