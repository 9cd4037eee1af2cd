// Those declarations of Apple's Core ML that AttuneKit uses, by developer.apple.com and the framework's headers. They
// have no bodies: they are there to check the package's types where there is no Core ML, and nothing can run with
// them.

import Foundation

private func declaredOnly() -> Never { fatalError("declared only") }

// MARK: Features

public protocol MLFeatureProvider {
    var featureNames: Set<String> { get }
    func featureValue(for featureName: String) -> MLFeatureValue?
}

public protocol MLBatchProvider {
    var count: Int { get }
    func features(at index: Int) -> any MLFeatureProvider
}

open class MLFeatureValue: NSObject {
    public convenience init(string value: String) { declaredOnly() }
    public convenience init(multiArray value: MLMultiArray) { declaredOnly() }
    open var stringValue: String { declaredOnly() }
    open var dictionaryValue: [AnyHashable: NSNumber] { declaredOnly() }
    public func shapedArrayValue<Scalar>(of type: Scalar.Type) -> MLShapedArray<Scalar>?
    where Scalar: MLShapedArrayScalar { declaredOnly() }
}

public enum MLMultiArrayDataType: Int, @unchecked Sendable {
    case double = 65600
    case float32 = 65568
    case float16 = 65552
    case int32 = 131104
}

open class MLMultiArray: NSObject {
    public init(shape: [NSNumber], dataType: MLMultiArrayDataType) throws { declaredOnly() }
    // These two stand beside the one that is meant, so that a call which could mean either is found here too.
    public convenience init<C>(_ data: C) throws where C: Collection, C.Element: FixedWidthInteger { declaredOnly() }
    public convenience init<C>(_ data: C) throws where C: Collection, C.Element == Float { declaredOnly() }
    public convenience init<ShapedArray>(_ shapedArray: ShapedArray) where ShapedArray: MLShapedArrayProtocol {
        declaredOnly()
    }
}

public protocol MLShapedArrayScalar {
    static var multiArrayDataType: MLMultiArrayDataType { get }
}

extension Int32: MLShapedArrayScalar {
    public static var multiArrayDataType: MLMultiArrayDataType { .int32 }
}

extension Float: MLShapedArrayScalar {
    public static var multiArrayDataType: MLMultiArrayDataType { .float32 }
}

public protocol MLShapedArrayProtocol<Scalar>: MutableCollection, RandomAccessCollection where Index == Int {
    associatedtype Scalar: MLShapedArrayScalar
    var scalars: [Scalar] { get set }
    init<S>(scalars: S, shape: [Int]) where S: Sequence, Scalar == S.Element
}

public struct MLShapedArray<Scalar>: MLShapedArrayProtocol where Scalar: MLShapedArrayScalar {
    public var scalars: [Scalar]
    public init<S>(scalars: S, shape: [Int]) where S: Sequence, Scalar == S.Element { declaredOnly() }
    public init(converting multiArray: MLMultiArray) { declaredOnly() }
    public var startIndex: Int { declaredOnly() }
    public var endIndex: Int { declaredOnly() }
    public subscript(index: Int) -> MLShapedArraySlice<Scalar> {
        get { declaredOnly() }
        set { declaredOnly() }
    }
}

public struct MLShapedArraySlice<Scalar>: MLShapedArrayProtocol where Scalar: MLShapedArrayScalar {
    public var scalars: [Scalar]
    public init<S>(scalars: S, shape: [Int]) where S: Sequence, Scalar == S.Element { declaredOnly() }
    public var startIndex: Int { declaredOnly() }
    public var endIndex: Int { declaredOnly() }
    public subscript(index: Int) -> MLShapedArraySlice<Scalar> {
        get { declaredOnly() }
        set { declaredOnly() }
    }
}

// MARK: Models

open class MLModelDescription: NSObject {}

open class MLPredictionOptions: NSObject {}

public enum MLComputeUnits: Int, @unchecked Sendable {
    case cpuOnly, cpuAndGPU, all, cpuAndNeuralEngine
}

open class MLModelConfiguration: NSObject {
    open var computeUnits: MLComputeUnits {
        get { declaredOnly() }
        set { declaredOnly() }
    }
    open var parameters: [MLParameterKey: Any]? {
        get { declaredOnly() }
        set { declaredOnly() }
    }
}

open class MLModel: NSObject {
    public class func compileModel(at modelURL: URL) async throws -> URL { declaredOnly() }
    open func parameterValue(for key: MLParameterKey) throws -> Any { declaredOnly() }
    public convenience init(contentsOf url: URL, configuration: MLModelConfiguration) throws { declaredOnly() }
    open func prediction(from input: any MLFeatureProvider) throws -> any MLFeatureProvider { declaredOnly() }
    /// From iOS 17 on: an async function prefers it.
    public func prediction(
        from input: any MLFeatureProvider, options: MLPredictionOptions = MLPredictionOptions()
    ) async throws -> any MLFeatureProvider { declaredOnly() }
}

public protocol MLWritable: NSObjectProtocol {
    func write(to url: URL) throws
}

public protocol MLCustomModel {
    init(modelDescription: MLModelDescription, parameters: [String: Any]) throws
    func prediction(from input: any MLFeatureProvider, options: MLPredictionOptions) throws -> any MLFeatureProvider
}

// MARK: Updates

open class MLKey: NSObject {}

open class MLParameterKey: MLKey {
    open class var weights: MLParameterKey { declaredOnly() }
    open class var biases: MLParameterKey { declaredOnly() }
    open func scoped(to scope: String) -> MLParameterKey { declaredOnly() }
    open class var learningRate: MLParameterKey { declaredOnly() }
    open class var miniBatchSize: MLParameterKey { declaredOnly() }
    open class var epochs: MLParameterKey { declaredOnly() }
    open class var shuffle: MLParameterKey { declaredOnly() }
    open class var seed: MLParameterKey { declaredOnly() }
}

open class MLMetricKey: MLKey {
    open class var lossValue: MLMetricKey { declaredOnly() }
    open class var epochIndex: MLMetricKey { declaredOnly() }
    open class var miniBatchIndex: MLMetricKey { declaredOnly() }
}

public enum MLTaskState: Int, @unchecked Sendable {
    case suspended = 1
    case running, cancelling, completed, failed
}

open class MLTask: NSObject {
    open var taskIdentifier: String { declaredOnly() }
    open var state: MLTaskState { declaredOnly() }
    open var error: (any Error)? { declaredOnly() }
    open func resume() {}
    open func cancel() {}
}

public struct MLUpdateProgressEvent: OptionSet, @unchecked Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static var trainingBegin: MLUpdateProgressEvent { declaredOnly() }
    public static var epochEnd: MLUpdateProgressEvent { declaredOnly() }
    public static var miniBatchEnd: MLUpdateProgressEvent { declaredOnly() }
}

open class MLUpdateContext: NSObject {
    open var task: MLUpdateTask { declaredOnly() }
    open var model: any MLModel & MLWritable { declaredOnly() }
    open var event: MLUpdateProgressEvent { declaredOnly() }
    open var metrics: [MLMetricKey: Any] { declaredOnly() }
    open var parameters: [MLParameterKey: Any] { declaredOnly() }
}

open class MLUpdateProgressHandlers: NSObject {
    public init(
        forEvents interestedEvents: MLUpdateProgressEvent, progressHandler: ((MLUpdateContext) -> Void)?,
        completionHandler: @escaping (MLUpdateContext) -> Void
    ) { declaredOnly() }
}

open class MLUpdateTask: MLTask {
    public convenience init(
        forModelAt modelURL: URL, trainingData: any MLBatchProvider, configuration: MLModelConfiguration?,
        progressHandlers: MLUpdateProgressHandlers
    ) throws { declaredOnly() }
    open func resume(withParameters updateParameters: [MLParameterKey: Any]) {}
}
