package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cairn-audit/cairn/internal/access"
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

// copySource is the source of a copy, where a call has one, in the one coding in
// which the built-in store reads the object that was decided on: it decodes all of
// the header before it looks for the version, and takes "+" for a space.
func copySource(params map[string]any) (string, error) {
	source, _ := params["CopySource"].(string)
	if source == "" {
		return "", nil
	}
	bucket, key, version, ok := access.CopySource(source)
	if !ok || strings.Contains(key, "?versionId=") {
		return "", &awsapi.Error{
			Code: "InvalidArgument", Status: http.StatusBadRequest,
			Message: "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
			Fields:  map[string]any{"ArgumentName": "x-amz-copy-source", "ArgumentValue": source},
		}
	}
	coded := strings.ReplaceAll(url.QueryEscape(bucket+"/"+key), "%2F", "/")
	if version != "" {
		coded += "?versionId=" + url.QueryEscape(version)
	}
	return coded, nil
}

// objectKeys are the keys of objects that a call names.
func objectKeys(params map[string]any) []string {
	var keys []string
	if key, ok := params["Key"].(string); ok {
		keys = append(keys, key)
	}
	if source, ok := params["CopySource"].(string); ok {
		_, key, _, _ := access.CopySource(source)
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
