package cloudtrail

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits holds a token bucket for each account and Region.
type limits struct {
	mu      sync.Mutex
	buckets map[[2]string]*rate.Limiter // guarded by mu
}

// allow reports whether a LookupEvents call may go on.
func (s *Service) allow(account, region string, now time.Time) bool {
	if s.options.LookupTPS == 0 {
		return true
	}
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	if s.limits.buckets == nil {
		s.limits.buckets = make(map[[2]string]*rate.Limiter)
	}
	bucket := s.limits.buckets[[2]string{account, region}]
	if bucket == nil {
		burst := max(1, int(s.options.LookupTPS))
		bucket = rate.NewLimiter(rate.Limit(s.options.LookupTPS), burst)
		s.limits.buckets[[2]string{account, region}] = bucket
	}
	return bucket.AllowN(now, 1)
}
