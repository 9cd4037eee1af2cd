import Foundation

/// A trained model with the gate's objections and the figures behind them.
struct Candidate {
    let model: URL
    let objections: [GateObjection]
    let metrics: [String: Double]
}

/// Makes and judges a candidate: trains on everything, cross-validates the same training, measures, decides.
struct CandidateMaker {
    let trainer: any HeadTrainer
    let gate: Gate
    let parameters: TrainingParameters
    let userWeight: Double
    let rehearsal: [RehearsalExample]
    let yardstick: [LabelledExample]
    /// The compiled model that is trained on, and the one that ships.
    let active: URL
    let base: URL
    let scratch: URL

    /// Trains on all of `samples`, then judges the training by models that did not see a fold of them. Only samples
    /// count that the active version has not learnt: on its own lessons it could only look better.
    func make(
        from samples: [Sample], learnt: Set<Sample.ID>, progress: @escaping @Sendable (UpdateProgress) -> Void
    ) async throws -> Candidate {
        let model = scratch.appendingPathComponent("candidate.mlmodelc")
        try await train(on: samples, to: model, progress: progress)
        let candidate = try trainer.open(model)
        let before = try trainer.open(active)
        guard let labels = try finiteLabels(candidate, on: samples) else {
            return Candidate(model: model, objections: [.notFinite], metrics: ["samples": Double(samples.count)])
        }

        let heldOut = try await crossValidate(samples, unseen: samples.filter { !learnt.contains($0.id) }, before)
        let baseAccuracy = try accuracy(of: trainer.open(base))
        let candidateAccuracy = try accuracy(of: candidate)
        let objections = gate.objections(
            heldOut: heldOut, baseAccuracy: baseAccuracy, candidateAccuracy: candidateAccuracy, labels: labels)
        let metrics: [String: Double] = [
            "samples": Double(samples.count),
            "samples_right": Double(try samples.filter { try candidate.label(of: $0.input) == $0.label }.count),
            "held_out": Double(heldOut.count),
            "held_out_right": Double(heldOut.candidateRight),
            "held_out_right_before": Double(heldOut.activeRight),
            "replay_accuracy": candidateAccuracy,
            "replay_accuracy_base": baseAccuracy,
        ]
        return Candidate(model: model, objections: objections, metrics: metrics)
    }

    private func train(
        on samples: [Sample], to destination: URL, progress: @escaping @Sendable (UpdateProgress) -> Void = { _ in }
    ) async throws {
        let set = TrainingSet(
            samples: samples, rehearsal: rehearsal, userWeight: userWeight, seed: parameters.seed ?? 0)
        try await trainer.train(
            active, on: set.examples, parameters: parameters, to: destination, progress: progress)
        try Task.checkCancellation()
    }

    private func crossValidate(
        _ samples: [Sample], unseen: [Sample], _ before: any Classifier
    ) async throws -> HeldOutAnswers {
        var answers = HeldOutAnswers()
        for (index, fold) in HeldOutFolds.of(unseen, seed: parameters.seed ?? 0).enumerated() {
            let model = scratch.appendingPathComponent("fold-\(index).mlmodelc")
            let left = Set(fold.map(\.id))
            try await train(on: samples.filter { !left.contains($0.id) }, to: model)
            let trained = try trainer.open(model)
            for sample in fold {
                answers.add(
                    candidateRight: try trained.label(of: sample.input) == sample.label,
                    activeRight: try before.label(of: sample.input) == sample.label)
            }
        }
        return answers
    }

    /// How many labels `model` knows; nil if it gives one of `samples` a probability that is not finite.
    private func finiteLabels(_ model: any Classifier, on samples: [Sample]) throws -> Int? {
        var labels = 0
        for sample in samples {
            let probabilities = try model.probabilities(of: sample.input)
            guard !probabilities.isEmpty, probabilities.values.allSatisfy(\.isFinite) else { return nil }
            labels = probabilities.count
        }
        return labels
    }

    /// Share of the yardstick that `model` labels right; 1 where there is no yardstick.
    private func accuracy(of model: any Classifier) throws -> Double {
        guard !yardstick.isEmpty else { return 1 }
        let right = try yardstick.filter { try model.label(of: $0.input) == $0.label }.count
        return Double(right) / Double(yardstick.count)
    }
}
