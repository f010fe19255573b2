import NativeHistograms
import PromQLSyntax

/// What an operator makes of two values of which at least one is a histogram. One of it serves one evaluation of an operator
/// over all steps.
final class PointOperator {
    let binary: BinaryExpression
    let range: Range<Int>
    let annotations: AnnotationList
    private let apply: (Double, Double) -> Double
    /// What was remarked already: operands come by the million, and remarks do not differ.
    private var noted: HistogramCombination = []
    private var incompatible: Set<OperandTypes> = []
    private var hasIncompatibleBuckets = false

    private enum OperandType: String {
        case float, histogram
    }

    private struct OperandTypes: Hashable {
        let left: OperandType
        let right: OperandType
    }

    init(_ binary: BinaryExpression, at range: Range<Int>, _ annotations: AnnotationList) {
        self.binary = binary
        self.range = range
        self.annotations = annotations
        apply = Evaluation.arithmetic(binary.operator)
    }

    /// A comparison without `bool` gives the left value or none.
    func callAsFunction(_ left: StepPoint, _ right: StepPoint) -> StepPoint {
        switch (left, right) {
        case (.absent, _), (_, .absent): .absent
        case (.number(let a), .number(let b)): ofNumbers(a, b)
        case (.histogram(let a), .histogram(let b)): ofHistograms(a, b)
        case (.histogram(let histogram), .number(let number)): scaled(histogram, by: number)
        case (.number(let number), .histogram(let histogram)):
            binary.operator == .multiply ? product(histogram, number) : incompatible(.float, .histogram)
        }
    }

    private func ofNumbers(_ left: Double, _ right: Double) -> StepPoint {
        if binary.operator.isTrim { return incompatible(.float, .float) }
        let result = apply(left, right)
        return binary.operator.isComparison ? compared(result != 0, .number(left)) : .number(result)
    }

    private func compared(_ isTrue: Bool, _ left: StepPoint) -> StepPoint {
        if binary.returnsBool { return .number(isTrue ? 1 : 0) }
        return isTrue ? left : .absent
    }

    private func incompatible(_ left: OperandType, _ right: OperandType) -> StepPoint {
        if incompatible.insert(OperandTypes(left: left, right: right)).inserted {
            annotations.inform(
                HistogramRemark.incompatibleTypes(left.rawValue, binary.operator.rawValue, right.rawValue), at: range)
        }
        return .absent
    }

    private func note(_ combination: HistogramCombination, _ operation: HistogramRemark.Operation) {
        let new = combination.subtracting(noted)
        guard !new.isEmpty else { return }
        noted.formUnion(new)
        annotations.note(new, operation, at: range)
    }

    private func product(_ histogram: NativeHistogram, _ number: Double) -> StepPoint {
        var product = histogram
        product.multiply(by: number)
        return .histogram(product.compacted)
    }

    private func scaled(_ histogram: NativeHistogram, by number: Double) -> StepPoint {
        switch binary.operator {
        case .multiply: return product(histogram, number)
        case .divide:
            var quotient = histogram
            quotient.divide(by: number)
            return .histogram(quotient.compacted)
        case .trimUpper: return .histogram(histogram.trimmed(above: number))
        case .trimLower: return .histogram(histogram.trimmed(below: number))
        default: return incompatible(.histogram, .float)
        }
    }

    private func ofHistograms(_ left: NativeHistogram, _ right: NativeHistogram) -> StepPoint {
        var result = left
        do {
            switch binary.operator {
            case .add: note(try result.add(right), .addition)
            case .subtract:
                note(try result.subtract(right), .subtraction)
                result.counterReset = .gauge
            case .equal: return compared(left.matches(right), .histogram(left))
            case .notEqual: return compared(!left.matches(right), .histogram(left))
            default: return incompatible(.histogram, .histogram)
            }
        } catch {
            if !hasIncompatibleBuckets {
                annotations.warn(HistogramRemark.incompatibleBuckets(binary.operator.rawValue), at: range)
            }
            hasIncompatibleBuckets = true
            return .absent
        }
        return .histogram(result.compacted)
    }
}

extension BinaryExpression {
    /// The values are no longer what the name of the metric says.
    var changesMeaning: Bool { !(self.operator.isTrim || (self.operator.isComparison && !returnsBool)) }
}
