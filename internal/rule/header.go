package rule

func checkHeader(name, value string) error { return nil }
