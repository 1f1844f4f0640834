module headroom.example/bench

go 1.21
