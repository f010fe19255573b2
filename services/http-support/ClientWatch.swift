package import NIOCore
import Synchronization

/// Sees a connection's client go away, which HTTP/1 shows only as the end of what it sends: while a request is worked on,
/// nobody reads from the connection, but the end is noticed by the event loop all the same.
///
/// Belongs behind the HTTP decoder of each connection (`HTTP1Channel.Configuration.additionalChannelHandlers`). Unlike reading
/// on behind the request, it leaves the connection fit for further requests, pipelined ones included.
package final class ClientWatch: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = NIOAny

    /// Those of all connections that have a watch, so that a request finds its own without a turn of the event loop.
    private static let watched = Mutex(Watched())

    private let listeners = Listeners()

    package init() {}

    package func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        ClientWatch.watched.withLock { $0.add(channel, listeners) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) { listeners.leave() }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { listeners.leave() }
        context.fireUserInboundEventTriggered(event)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        listeners.leave()
        context.fireChannelInactive()
    }

    /// Somebody who wants to know, until `end()`.
    package final class Registration: Sendable {
        private struct Action: Sendable {
            let run: @Sendable () -> Void
        }

        private let action: Mutex<Action?>

        init(_ action: @escaping @Sendable () -> Void) { self.action = Mutex(Action(run: action)) }

        package func end() { action.withLock { $0 = nil } }

        var isEnded: Bool { action.withLock { $0 == nil } }

        func fire() {
            let action = action.withLock { action in
                defer { action = nil }
                return action
            }
            action?.run()
        }
    }

    private final class Listeners: Sendable {
        private struct State {
            var isGone = false
            var registrations: [Registration] = []
        }

        private let state = Mutex(State())

        func add(_ registration: Registration) {
            let isGone = state.withLock { state in
                state.registrations.removeAll(where: \.isEnded)
                if !state.isGone { state.registrations.append(registration) }
                return state.isGone
            }
            if isGone { registration.fire() }
        }

        func leave() {
            let registrations = state.withLock { state in
                state.isGone = true
                defer { state.registrations = [] }
                return state.registrations
            }
            for registration in registrations { registration.fire() }
        }
    }

    /// The listeners of connections by their channel.
    ///
    /// A closed one stays for as long as its channel does: requests that came before the end, and are only now begun, must learn
    /// of it.
    private struct Watched {
        private struct Entry {
            weak var channel: (any Channel)?
            let listeners: Listeners
        }

        private var entries: [ObjectIdentifier: Entry] = [:]
        private var mostBeforeSweep = 256

        mutating func add(_ channel: any Channel, _ listeners: Listeners) {
            // An entry of a channel that had the same address before is replaced.
            entries[ObjectIdentifier(channel)] = Entry(channel: channel, listeners: listeners)
            guard entries.count > mostBeforeSweep else { return }
            entries = entries.filter { $0.value.channel != nil }
            mostBeforeSweep = max(256, 2 * entries.count)
        }

        func listeners(of channel: any Channel) -> Listeners? { entries[ObjectIdentifier(channel)]?.listeners }
    }

    fileprivate static func add(_ registration: Registration, to channel: any Channel) {
        watched.withLock { $0.listeners(of: channel) }?.add(registration)
    }
}

extension AppContext {
    /// Calls `gone` at most once, on any thread, when the client has closed its side of the connection (perhaps it already
    /// has). On connections without a `ClientWatch` it is never called. End the registration when it is of no interest any more.
    package func whenClientLeaves(_ gone: @escaping @Sendable () -> Void) -> ClientWatch.Registration {
        let registration = ClientWatch.Registration(gone)
        ClientWatch.add(registration, to: channel)
        return registration
    }
}
