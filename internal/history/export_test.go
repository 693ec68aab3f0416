package history

func (m *memory) postingCount() int { return int(m.nodes.n) }
