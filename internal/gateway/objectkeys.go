package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cairn-audit/cairn/internal/awsapi"
)

// privateSegment is where the built-in store keeps uploads in a bucket that are
// not objects yet.
const privateSegment = ".sgwtmp"

// checkKeys refuses objects' keys that the built-in store cannot keep apart. A
// key is the path of a file there, so "a/./b" and "a//b" are the object "a/b",
// which the call's event would not name.
func checkKeys(params map[string]any) error {
	for _, key := range objectKeys(params) {
		switch segments := strings.Split(strings.TrimSuffix(key, "/"), "/"); {
		case key == "":
		case !utf8.ValidString(key), strings.Contains(key, "\x00"):
			return errInvalidURI()
		case slices.Contains(segments, ""), slices.Contains(segments, "."), slices.Contains(segments, ".."),
			segments[0] == privateSegment:
			return &awsapi.Error{
				Code: "InvalidArgument", Status: http.StatusBadRequest,
				Message: `This endpoint's S3 keeps no object whose key has an empty segment, ".", ".." or, at its beginning, "` +
					privateSegment + `".`,
				Fields: map[string]any{"ArgumentName": "Key", "ArgumentValue": key},
			}
		}
	}
	return nil
}

// objectKeys are the keys of objects that a call names.
func objectKeys(params map[string]any) []string {
	var keys []string
	if key, ok := params["Key"].(string); ok {
		keys = append(keys, key)
	}
	if source, ok := params["CopySource"].(string); ok {
		source, _, _ = strings.Cut(source, "?")
		_, key, _ := strings.Cut(strings.TrimPrefix(source, "/"), "/")
		if plain, err := url.PathUnescape(key); err == nil {
			key = plain
		}
		keys = append(keys, key)
	}
	remove, _ := params["Delete"].(map[string]any)
	objects, _ := remove["Objects"].([]any)
	for _, object := range objects {
		if named, ok := object.(map[string]any); ok {
			key, _ := named["Key"].(string)
			keys = append(keys, key)
		}
	}
	return keys
}
