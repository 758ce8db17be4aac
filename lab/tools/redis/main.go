// A Redis for Argo CD's cache, in memory only.
package main

import (
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: redis ADDRESS")
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	// Keys expire by a clock that somebody must move on.
	second := time.NewTicker(time.Second)
	for {
		select {
		case <-ended:
			return
		case <-second.C:
			server.FastForward(time.Second)
		}
	}
}
