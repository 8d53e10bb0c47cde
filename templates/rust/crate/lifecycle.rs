/// One permitted change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition<S, E> {
    /// State before.
    pub from: S,
    /// What happens.
    pub on: E,
    /// State after.
    pub to: S,
}

/// The ways in which the state of something may change. A value of it is one set of rules, where the contract has several.
pub trait Lifecycle: Copy + 'static {
    /// The states.
    type State: Copy + PartialEq;
    /// What may happen.
    type Event: Copy + PartialEq;

    /// Where it begins.
    fn initial(self) -> Self::State;

    /// Everything that may happen.
    fn transitions(self) -> &'static [Transition<Self::State, Self::Event>];

    /// The state after an event. `None`: it must not happen in this state.
    fn next(self, from: Self::State, on: Self::Event) -> Option<Self::State> {
        let found = self.transitions().iter().find(|step| step.from == from && step.on == on);
        found.map(|step| step.to)
    }

    /// What may happen in a state, in the order of the contract.
    fn events(self, from: Self::State) -> Vec<Self::Event> {
        self.transitions().iter().filter(|step| step.from == from).map(|step| step.on).collect()
    }

    /// Whether something leads from one state to the other.
    fn permits(self, from: Self::State, to: Self::State) -> bool {
        self.transitions().iter().any(|step| step.from == from && step.to == to)
    }

    /// Whether nothing leads out of a state.
    fn is_final(self, state: Self::State) -> bool {
        !self.transitions().iter().any(|step| step.from == state)
    }
}
