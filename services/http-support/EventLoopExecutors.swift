package import NIOCore
import NIOPosix

/// Runs a task's jobs on one event loop.
package final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    package init(_ loop: any EventLoop) { self.loop = loop }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs a task's jobs where they become ready: on the event loop if that made them so, otherwise on Swift's own threads.
///
/// A request that an event loop has read is so worked on by the thread that is awake already. On an otherwise idle server the
/// waking of another thread, and of the event loop for the answer, costs more than all the rest of a small request. Whoever takes
/// longer than about a millisecond goes elsewhere (`BlockingWork`), since the loop's other connections wait.
package final class CurrentEventLoopExecutor: TaskExecutor {
    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        guard let loop = MultiThreadedEventLoopGroup.currentEventLoop else {
            return globalConcurrentExecutor.enqueue(job)
        }
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
