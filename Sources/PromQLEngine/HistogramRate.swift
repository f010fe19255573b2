import NativeHistograms

/// `rate`, `increase`, `delta`, `irate` and `idelta` of windows with histograms only.
extension MixedWindow {
    private func start(_ index: Int) -> Int64 { starts.isEmpty ? 0 : starts[index] }

    private func isReset(_ index: Int, after previous: NativeHistogram) -> Bool {
        StartTime.isReset(
            previousStart: start(index - 1), previous: time(index - 1), start: start(index), time: time(index))
            || histogram(index).isReset(after: previous)
    }

    /// Of the window's histograms (at least one), stretched to the ends of the window. Nil if there are too few or they do not
    /// go together.
    func extrapolatedChange(
        isCounter: Bool, isPerSecond: Bool, _ remarks: inout WindowRemarks
    ) -> NativeHistogram? {
        guard let first = histograms.first, let last = histograms.last else { return nil }
        let began = start(first)
        let isBeginKnown = isCounter && began != 0 && began > start && began < time(first)
        guard first < last || isBeginKnown else { return nil }
        var change: NativeHistogram
        if first < last {
            guard let between = self.change(isCounter: isCounter, &remarks) else { return nil }
            change = between
            if isBeginKnown {
                do {
                    remarks.note(try change.add(histogram(first)).subtracting(.conflictingResets), .addition)
                } catch {
                    remarks.warn(HistogramRemark.mixedSchemas(remarks.metricName))
                    return nil
                }
            }
        } else {
            change = histogram(first)
        }
        let extrapolation = Extrapolation(
            firstTime: time(first), lastTime: time(last), count: histograms.count, start: start, end: end,
            began: isBeginKnown ? began : nil)
        change.multiply(
            by: extrapolation.factor(
                change: change.count, firstValue: isCounter ? histogram(first).count : nil,
                isPerSecond: isPerSecond))
        change.counterReset = .gauge
        return change
    }

    /// Last minus first, and for counters what was lost at resets; at least two histograms.
    private func change(isCounter: Bool, _ remarks: inout WindowRemarks) -> NativeHistogram? {
        let name = remarks.metricName
        let (firstIndex, lastIndex) = (histograms.lowerBound, histograms.upperBound - 1)
        let last = histogram(lastIndex)
        var previous = histogram(firstIndex)
        var found = WindowRemarks(metricName: name)
        if isCounter, previous.counterReset == .gauge || last.counterReset == .gauge {
            found.warn(HistogramRemark.notCounter(name))
        }
        if isCounter, isReset(firstIndex + 1, after: previous) {
            // The first is not looked at, so it may have any buckets.
            let second = histogram(firstIndex + 1)
            previous = NativeHistogram(schema: second.schema, customValues: second.customValues)
        }
        guard last.usesCustomBuckets == previous.usesCustomBuckets else {
            found.warn(HistogramRemark.mixedSchemas(name))
            remarks.append(found)
            return nil
        }
        var lowest = min(last.schema, previous.schema)
        var isMixed = false
        if isCounter {
            for index in firstIndex + 1..<lastIndex {
                let histogram = histogram(index)
                if histogram.counterReset == .gauge { found.warn(HistogramRemark.notCounter(name)) }
                lowest = min(lowest, histogram.schema)
                if histogram.usesCustomBuckets != last.usesCustomBuckets { isMixed = true }
            }
        }
        guard !isMixed else {
            remarks.warn(HistogramRemark.mixedSchemas(name))
            return nil
        }
        var change = last.reduced(to: lowest)
        do {
            // Resets are taken care of below, so what the operands say of them does not matter.
            found.note(try change.subtract(previous).subtracting(.conflictingResets), .subtraction)
            if isCounter {
                for index in firstIndex + 1...lastIndex {
                    if StartTime.overlaps(
                        previousStart: start(index - 1), previous: time(index - 1), start: start(index))
                    {
                        found.warn(StartTime.overlapRemark(name))
                    }
                    if isReset(index, after: previous) {
                        found.note(try change.add(previous).subtracting(.conflictingResets), .addition)
                    }
                    previous = histogram(index)
                }
            } else if previous.counterReset != .gauge || last.counterReset != .gauge {
                found.warn(HistogramRemark.notGauge(name))
            }
        } catch {
            remarks.warn(HistogramRemark.mixedSchemas(name))
            return nil
        }
        remarks.append(found)
        change.counterReset = .gauge
        return change.compacted
    }

    /// Between the last two samples of the window.
    func instantChange(
        isRate: Bool, ofNumbers change: (Window) -> Double, _ remarks: inout WindowRemarks
    ) -> StepPoint {
        guard count > 1 else { return .absent }
        let hasNumber = { (window: Window?, back: Int) in window.map { $0.count >= back } ?? false }
        // Whichever come last: two histograms, or two numbers, or one of each.
        let lastNumber = numbers.map { $0.times[$0.upper - 1] } ?? .min
        let lastButOneNumber = hasNumber(numbers, 2) ? numbers.map { $0.times[$0.upper - 2] } ?? .min : .min
        let lastTime = histograms.isEmpty ? Int64.min : time(histograms.upperBound - 1)
        let lastButOneTime = histograms.count > 1 ? time(histograms.upperBound - 2) : .min
        if lastButOneTime > lastNumber {
            return histogramChange(isRate: isRate, &remarks).map { .histogram($0) } ?? .absent
        }
        if lastButOneNumber > lastTime, let numbers {
            return StepPoint(change(numbers))
        }
        remarks.warn(HistogramRemark.mixedWithNumbers(remarks.metricName))
        return .absent
    }

    private func histogramChange(isRate: Bool, _ remarks: inout WindowRemarks) -> NativeHistogram? {
        let index = histograms.upperBound - 1
        let (previous, last) = (histogram(index - 1), histogram(index))
        let milliseconds = time(index) - time(index - 1)
        guard milliseconds > 0 else { return nil }
        if isRate, last.counterReset == .gauge || previous.counterReset == .gauge {
            remarks.warn(HistogramRemark.notCounter(remarks.metricName))
        }
        if !isRate, last.counterReset != .gauge || previous.counterReset != .gauge {
            remarks.warn(HistogramRemark.notGauge(remarks.metricName))
        }
        var change = last
        if !isRate || !isReset(index, after: previous) {
            do {
                remarks.note(try change.subtract(previous).subtracting(.conflictingResets), .subtraction)
            } catch {
                remarks.warn(HistogramRemark.mixedSchemas(remarks.metricName))
                return nil
            }
        }
        change.counterReset = .gauge
        if isRate { change.divide(by: Double(milliseconds) / 1000) }
        return change.compacted
    }
}

extension ExtrapolatedChange {
    mutating func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint {
        if let numbers = window.numbers {
            guard !window.hasHistograms else {
                remarks.warn(HistogramRemark.mixedWithNumbers(remarks.metricName))
                return .absent
            }
            if hasOverlap(numbers) { remarks.warn(StartTime.overlapRemark(remarks.metricName)) }
            return StepPoint(value(numbers))
        }
        return window.extrapolatedChange(isCounter: isCounter, isPerSecond: isPerSecond, &remarks)
            .map { .histogram($0) } ?? .absent
    }
}

extension InstantChange {
    mutating func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint {
        window.instantChange(isRate: isRate, ofNumbers: value, &remarks)
    }
}

extension NeighbourCount {
    /// Numbers and histograms in the order of time; a change between the two is counted.
    mutating func point(_ window: MixedWindow, _ remarks: inout WindowRemarks) -> StepPoint {
        if !window.hasHistograms, let numbers = window.numbers { return StepPoint(value(numbers)) }
        var previous = StepPoint.absent
        var number = window.numbers?.lower ?? 0
        var index = window.histograms.lowerBound
        var count = 0
        for _ in 0..<window.count {
            let next: StepPoint
            var isNewStart = false
            if let numbers = window.numbers, number < numbers.upper,
                index == window.histograms.upperBound || numbers.times[number] < window.time(index)
            {
                next = .number(numbers.values[number])
                isNewStart = number > numbers.lower && beginsAnew(number, numbers.times)
                number += 1
            } else {
                next = .histogram(window.histogram(index))
                isNewStart = window.beginsAnew(index)
                index += 1
            }
            switch (previous, next) {
            case (.number(let previous), .number(let next)): count += isCounted(previous, next) || isNewStart ? 1 : 0
            case (.histogram(let previous), .histogram(let next)):
                count += isHistogramCounted(previous, next, isNewStart) ? 1 : 0
            case (.absent, _): break
            default: count += 1
            }
            previous = next
        }
        return .number(Double(count))
    }
}

extension MixedWindow {
    /// Whether a histogram's start says that counting began anew after the histogram before.
    fileprivate func beginsAnew(_ index: Int) -> Bool {
        guard !starts.isEmpty, index > histograms.lowerBound else { return false }
        return StartTime.isReset(
            previousStart: starts[index - 1], previous: time(index - 1), start: starts[index], time: time(index))
    }
}
