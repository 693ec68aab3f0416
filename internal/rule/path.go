package rule

type path struct{}

func parsePath(string) (path, error) { return path{}, errTodo }
