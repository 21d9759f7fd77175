// SPDX-License-Identifier: Apache-2.0

// Dials again and again while the runtime preempts its goroutines by a signal (SIGURG), and prints how the dials ended.
// usage: dials ADDRESS OPEN-PORT CLOSED-PORT
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	dialers = 8
	rounds  = 25
)

var stop int32

// Keeps a core busy without a call in which it could be preempted by itself.
func spin() {
	x := uint64(1)
	for atomic.LoadInt32(&stop) == 0 {
		for i := 0; i < 1000000; i++ {
			x = x*6364136223846793005 + 1
		}
	}
	_ = x
}

// As the runtime does it: a socket that does not wait, and a poller.
func dial(target string) string {
	connection, err := net.DialTimeout("tcp", target, 10*time.Second)
	if err != nil {
		return name(err)
	}
	connection.Close()
	return "connected"
}

// A blocking connect(2) on a thread that signals reach.
func block(address string, port int) string {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return name(err)
	}
	defer syscall.Close(socket)
	target := &syscall.SockaddrInet4{Port: port}
	copy(target.Addr[:], net.ParseIP(address).To4())
	for {
		err := syscall.Connect(socket, target)
		// The runtime's handlers restart; nothing else interrupts.
		if err == nil || err == syscall.EISCONN {
			return "connected"
		}
		if err != syscall.EINTR && err != syscall.EALREADY {
			return name(err)
		}
	}
}

func name(err error) string {
	var code syscall.Errno
	if errors.As(err, &code) {
		return fmt.Sprint(int(code), " ", code)
	}
	return err.Error()
}

func main() {
	var open, closed int
	fmt.Sscan(os.Args[2], &open)
	fmt.Sscan(os.Args[3], &closed)
	runtime.GOMAXPROCS(dialers + 2)
	signals := make(chan os.Signal, 1000)
	signal.Notify(signals, syscall.SIGURG)
	go spin()
	go spin()
	go func() {
		for atomic.LoadInt32(&stop) == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGURG)
			time.Sleep(time.Millisecond)
		}
	}()
	var lock sync.Mutex
	var all sync.WaitGroup
	ends := map[string]int{}
	for i := 0; i < dialers; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for j := 0; j < rounds; j++ {
				for _, port := range []int{open, closed} {
					found := []string{
						fmt.Sprintf("dial %v: %s", port, dial(fmt.Sprintf("%s:%d", os.Args[1], port))),
						fmt.Sprintf("block %v: %s", port, block(os.Args[1], port)),
					}
					lock.Lock()
					for _, end := range found {
						ends[end]++
					}
					lock.Unlock()
				}
			}
		}()
	}
	all.Wait()
	atomic.StoreInt32(&stop, 1)
	fmt.Println(ends) // sorted by key
}
