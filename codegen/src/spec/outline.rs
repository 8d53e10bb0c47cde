//! The outline: under which headings a block stands, and what those sections are for.
//!
//! Owns: the names of sections, in the languages that specs are written in. Must not know: what is read from a section.

use super::blocks::{Block, Kind};

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Before the first heading below the title.
    Head,
    /// Stories and their scenarios.
    Scenarios,
    /// Edge cases.
    EdgeCases,
    /// Requirements of any kind.
    Requirements,
    /// Success criteria.
    SuccessCriteria,
    /// Key entities.
    Entities,
    /// Assumptions.
    Assumptions,
    /// Answered questions.
    Clarifications,
    /// Lists that speak about requirements of elsewhere: checklists, traces, change notes.
    Reference,
    /// Anything else.
    Other,
}

/// Words of a heading, in small letters, and the section they make. The first that fits decides.
const WORDS: &[(Section, &[&str])] = &[
    (
        Section::Clarifications,
        &[
            "clarification",
            "уточнени",
            "명확화",
            "明確化",
            "澄清",
            "aclaraciones",
            "esclarecimentos",
            "klärungen",
        ],
    ),
    (
        Section::Reference,
        &[
            "checklist",
            "traceab",
            "coverage",
            "mapping",
            "changelog",
            "change log",
            "change history",
            "revision history",
            "execution status",
            "execution flow",
            "compliance",
            "dependencies",
            "трассируем",
            "история изменений",
            "зависимости",
            "체크리스트",
            "チェックリスト",
        ],
    ),
    (
        Section::EdgeCases,
        &[
            "edge case",
            "граничн",
            "casos límite",
            "casos de borde",
            "casos extremos",
            "casos limite",
            "cas limites",
            "grenzfälle",
            "крайние случаи",
            "пограничн",
            "엣지 케이스",
            "경계",
            "エッジケース",
            "边界",
        ],
    ),
    (
        Section::Entities,
        &[
            "key entit",
            "entities",
            "ключевые сущност",
            "entidades",
            "entités",
            "entitäten",
            "сущности",
            "엔티티",
            "エンティティ",
            "实体",
        ],
    ),
    (
        Section::SuccessCriteria,
        &[
            "success criteria",
            "критерии успеха",
            "measurable outcome",
            "criterios de éxito",
            "critérios de sucesso",
            "critères de succès",
            "erfolgskriterien",
            "измеримые",
            "성공 기준",
            "成功基準",
            "成功标准",
        ],
    ),
    (
        Section::Assumptions,
        &[
            "assumption",
            "supuestos",
            "suposições",
            "premissas",
            "hypothèses",
            "annahmen",
            "допущени",
            "предположени",
            "가정",
            "前提条件",
            "假设",
        ],
    ),
    (
        Section::Scenarios,
        &[
            "user scenario",
            "user stor",
            "acceptance scenario",
            "historias de usuario",
            "histórias de usuário",
            "histórias do usuário",
            "escenarios",
            "cenários",
            "scénarios",
            "user-storys",
            "пользовательск",
            "сценари",
            "시나리오",
            "シナリオ",
            "用户场景",
        ],
    ),
    (
        Section::Requirements,
        &[
            "requirement",
            "requisitos",
            "requerimientos",
            "exigences",
            "anforderung",
            "требовани",
            "요구사항",
            "要件",
            "需求",
        ],
    ),
];

/// Titles that only say what a list is, and so are no group of requirements.
const PLAIN: &[&str] = &[
    "requirements",
    "functional requirements",
    "non-functional requirements",
    "nonfunctional requirements",
    "acceptance criteria",
    "requisitos",
    "requisitos funcionales",
    "requisitos funcionais",
    "requisitos no funcionales",
    "requisitos não funcionais",
    "exigences",
    "exigences fonctionnelles",
    "anforderungen",
    "funktionale anforderungen",
    "требования",
    "функциональные требования",
    "нефункциональные требования",
    "요구사항",
    "기능 요구사항",
    "要件",
    "機能要件",
];

/// A heading with its section.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    /// From 1.
    pub(super) level: u8,
    /// As written, without the remark that it is mandatory.
    pub(super) title: String,
    section: Option<Section>,
}

/// The headings above the place that a walk over the blocks has reached.
#[derive(Debug, Default)]
pub(super) struct Outline {
    stack: Vec<Heading>,
}

impl Outline {
    /// Takes the next block of the walk into account.
    pub(super) fn enter(&mut self, block: &Block) {
        if let Kind::Heading(level) = block.kind {
            self.stack.retain(|heading| heading.level < level);
            let title = title(&block.text).to_owned();
            let section = (level > 1).then(|| classify(&title)).flatten();
            self.stack.push(Heading { level, title, section });
        }
    }

    /// What the innermost section that says it is for.
    pub(super) fn section(&self) -> Section {
        if self
            .stack
            .iter()
            .any(|heading| heading.section == Some(Section::Reference))
        {
            return Section::Reference;
        }
        let innermost = self.stack.iter().rev().find_map(|heading| heading.section);
        innermost.unwrap_or(if self.stack.iter().all(|heading| heading.level == 1) {
            Section::Head
        } else {
            Section::Other
        })
    }

    /// Whether the innermost heading itself says what its section is for.
    pub(super) fn is_direct(&self) -> bool {
        self.stack.last().is_some_and(|heading| heading.section.is_some())
    }

    /// The heading above the innermost one.
    pub(super) fn above(&self) -> Option<&Heading> {
        self.stack.iter().rev().nth(1)
    }

    /// The innermost heading.
    pub(super) fn heading(&self) -> Option<&Heading> {
        self.stack.last()
    }
}

/// The text of a heading without `*(mandatory)*` and the like.
pub(super) fn title(text: &str) -> &str {
    let text = text.trim();
    let remark = text
        .strip_suffix(')')
        .and_then(|inner| Some((inner.rfind('(')?, inner)));
    if let Some((open, inner)) = remark {
        let said = inner.get(open + 1..).unwrap_or("").to_lowercase();
        let words = [
            "mandatory",
            "optional",
            "include if",
            "обязательно",
            "필수",
            "必須",
            "必填",
        ];
        if words.iter().any(|word| said.starts_with(word)) {
            return inner.get(..open).unwrap_or("").trim();
        }
    }
    text
}

/// What the title of a section says it is for.
pub(super) fn classify(title: &str) -> Option<Section> {
    let lower = title.to_lowercase();
    // "Coverage Requirements" demand something; "Coverage of Requirements" looks back at what is demanded.
    let demands = lower
        .strip_suffix(" requirements")
        .is_some_and(|before| !before.ends_with(" of") && !before.ends_with(" to"));
    WORDS
        .iter()
        .filter(|(section, _)| !(demands && *section == Section::Reference))
        .find(|(_, words)| words.iter().any(|word| lower.contains(word)))
        .map(|(section, _)| *section)
}

/// Whether a title only says what kind of list follows.
pub(super) fn is_plain(title: &str) -> bool {
    let listed = !matches!(classify(title), None | Some(Section::Requirements | Section::Reference));
    listed || PLAIN.contains(&title.to_lowercase().as_str())
}
