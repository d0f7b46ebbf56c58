import Testing

@testable import Engine

@Suite struct EventBusTests {
    private func event(_ time: Int64, _ action: String = "start") -> EngineEvent {
        EngineEvent(kind: .container, action: action, actor: "c", time: time)
    }

    @Test func replaysWhatWasBeforeAndGoesOn() async {
        let bus = EventBus()
        for time in 1...5 { bus.publish(event(Int64(time))) }
        let stream = bus.subscribe(since: 3, now: 6)
        bus.publish(event(6))
        var times: [Int64] = []
        for await event in stream {
            times.append(event.time)
            if event.time == 6 { break }
        }
        #expect(times == [3, 4, 5, 6])
    }

    @Test func endsAtOnceWithUntilInThePast() async {
        let bus = EventBus()
        for time in 1...300 { bus.publish(event(Int64(time))) }
        var times: [Int64] = []
        for await event in bus.subscribe(since: 0, until: 299, now: 400) { times.append(event.time) }
        #expect(times == Array(45...299))
    }

    @Test func filtersAndForgetsListeners() async {
        let bus = EventBus()
        do {
            let stream = bus.subscribe { $0.action == "die" }
            #expect(bus.listenerCount == 1)
            bus.publish(event(1))
            bus.publish(event(2, "die"))
            for await event in stream {
                #expect(event.time == 2)
                break
            }
        }
        #expect(bus.listenerCount == 0)
    }
}
