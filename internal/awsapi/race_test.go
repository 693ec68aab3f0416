//go:build race

package awsapi

const raceDetector = true
