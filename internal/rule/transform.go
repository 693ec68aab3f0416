package rule

type template struct{}

func parseTransformer(*Transformer) (*template, error) { return nil, errTodo }
