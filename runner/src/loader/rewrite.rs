// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rewrites a checked program; see the folder's header for what changes.
//!
//! | in the program              | becomes                                                     |
//! |-----------------------------|-------------------------------------------------------------|
//! | import `linux.syscall`      | the glue's wrapper around `kernel_syscall`                  |
//! | memory, own or imported     | import `env.memory`, same minimum, maximum 4 GiB            |
//! | loops, some function entries | the same with preemption checks, see [`super::plan`]       |
//! | `memory.grow`               | -1: the kernel alone sizes a memory                         |
//! | `memory.atomic.wait*`       | a trap: it would stop the vCPU; futexes are system calls    |
//! | `memory.atomic.notify`      | 0                                                           |
//! | `memory.copy`, `fill`, `init` | the glue's guarded ones                                   |
//! | `memory.fill` in `__wasm_init_memory` | nothing: a fresh memory is zero already           |
//! | `memory.init` there, of data in the image | nothing: the image is mapped, see [`super::data`] |
//! | data in the image           | an empty segment                                            |
//! | exports `__fault`, `__global_N` | the glue's own of these names                           |
#![forbid(unsafe_code)]

use super::body::Body;
use super::calls::Calls;
use super::data::Taken;
use super::glue::{FAULT_EXPORT, Glue, GlueFunction, IMPORTS, global_export, is_reserved};
use super::plan::Plan;
use super::survey::Survey;
use crate::memory::MAX_WASM_PAGES;
use ochre_abi::user;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BranchHints, CodeSection, EntityType, ExportKind, ExportSection, FunctionSection,
    ImportSection, MemoryType, Module, NameMap, NameSection, TypeSection,
};
use wasmparser::{FunctionBody, KnownCustom, Name, Parser, Payload, ValType};

type Result<T> = std::result::Result<T, Error<Infallible>>;

struct Rewriter<'a> {
    survey: &'a Survey,
    glue: Glue<'a>,
    taken: &'a Taken,
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    fn function_index(&mut self, func: u32) -> Result<u32> {
        Ok(self.glue.map_function(func))
    }
}

/// Rewrites `file`, which `survey` and `calls` describe, with the checks of `plans` and without the
/// data that was `taken` out.
pub fn rewrite(
    file: &[u8],
    survey: &Survey,
    calls: &Calls<'_>,
    plans: &[Plan],
    taken: &Taken,
) -> Result<Vec<u8>> {
    let mut rewriter = Rewriter { survey, glue: Glue::new(survey), taken };
    let mut module = Module::new();
    let mut names = None;
    // The glue's sections must appear even when the program has none of its own, in their order.
    let mut types_done = false;
    let mut imports_done = false;
    let mut functions_done = false;
    for payload in Parser::new(0).parse_all(file) {
        let payload = payload?;
        let order = section_order(&payload);
        if order > 1 && !types_done {
            types_done = true;
            rewriter.types(&mut module, None)?;
        }
        if order > 2 && !imports_done {
            imports_done = true;
            rewriter.imports(&mut module);
        }
        if order > 3 && !functions_done {
            functions_done = true;
            rewriter.functions(&mut module, None)?;
        }
        match payload {
            Payload::TypeSection(section) => {
                types_done = true;
                rewriter.types(&mut module, Some(section))?;
            }
            Payload::FunctionSection(section) => {
                functions_done = true;
                rewriter.functions(&mut module, Some(section))?;
            }
            Payload::TableSection(section) => {
                let mut tables = wasm_encoder::TableSection::new();
                utils::parse_table_section(&mut rewriter, &mut tables, section)?;
                module.section(&tables);
            }
            Payload::TagSection(section) => {
                let mut tags = wasm_encoder::TagSection::new();
                utils::parse_tag_section(&mut rewriter, &mut tags, section)?;
                module.section(&tags);
            }
            Payload::GlobalSection(section) => {
                let mut globals = wasm_encoder::GlobalSection::new();
                utils::parse_global_section(&mut rewriter, &mut globals, section)?;
                rewriter.glue.add_globals(&mut globals);
                module.section(&globals);
            }
            Payload::ExportSection(section) => {
                let mut exports = ExportSection::new();
                for export in section {
                    let export = export?;
                    if !is_reserved(export.name) {
                        utils::parse_export(&mut rewriter, &mut exports, export)?;
                    }
                }
                let fault = rewriter.glue.function(GlueFunction::Fault);
                exports.export(FAULT_EXPORT, ExportKind::Func, fault);
                for (nth, global) in survey.reset_globals.iter().enumerate() {
                    exports.export(&global_export(nth), ExportKind::Global, *global);
                }
                module.section(&exports);
            }
            Payload::StartSection { func, .. } => {
                let function_index = rewriter.function_index(func)?;
                module.section(&wasm_encoder::StartSection { function_index });
            }
            Payload::ElementSection(section) => {
                let mut elements = wasm_encoder::ElementSection::new();
                utils::parse_element_section(&mut rewriter, &mut elements, section)?;
                module.section(&elements);
            }
            Payload::DataCountSection { count, .. } => {
                module.section(&wasm_encoder::DataCountSection { count });
            }
            Payload::CodeSectionStart { .. } => rewriter.code(&mut module, calls, plans)?,
            Payload::DataSection(section) => {
                let mut data = wasm_encoder::DataSection::new();
                for (segment, taken) in section.into_iter().zip(&taken.segments) {
                    if *taken {
                        segment?;
                        data.passive([]);
                    } else {
                        utils::parse_data(&mut rewriter, &mut data, segment?)?;
                    }
                }
                module.section(&data);
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(section) = section.as_known() {
                    names = Some(section);
                }
            }
            // The imports and the memory are the loader's.
            _ => {}
        }
    }
    rewriter.names(&mut module, names)?;
    Ok(module.finish())
}

/// Where a section stands, as far as the glue's sections must come before it.
fn section_order(payload: &Payload<'_>) -> u32 {
    match payload {
        Payload::Version { .. } | Payload::CustomSection(_) => 0,
        Payload::TypeSection(_) => 1,
        Payload::ImportSection(_) => 2,
        Payload::FunctionSection(_) => 3,
        _ => 4,
    }
}

impl Rewriter<'_> {
    fn types(
        &mut self,
        module: &mut Module,
        section: Option<wasmparser::TypeSectionReader<'_>>,
    ) -> Result<()> {
        let mut types = TypeSection::new();
        if let Some(section) = section {
            utils::parse_type_section(self, &mut types, section)?;
        }
        self.glue.add_types(&mut types);
        module.section(&types);
        Ok(())
    }

    fn imports(&mut self, module: &mut Module) {
        let mut imports = ImportSection::new();
        for (index, (from, name)) in IMPORTS.iter().enumerate() {
            imports.import(from, name, EntityType::Function(self.glue.import_type(index)));
        }
        let memory = MemoryType {
            minimum: u64::from(self.survey.info.memory_pages),
            maximum: Some(u64::from(MAX_WASM_PAGES)),
            memory64: false,
            shared: true,
            page_size_log2: None,
        };
        imports.import(user::MEMORY_IMPORT.0, user::MEMORY_IMPORT.1, EntityType::Memory(memory));
        module.section(&imports);
    }

    fn functions(
        &mut self,
        module: &mut Module,
        section: Option<wasmparser::FunctionSectionReader<'_>>,
    ) -> Result<()> {
        let mut functions = FunctionSection::new();
        if let Some(section) = section {
            utils::parse_function_section(self, &mut functions, section)?;
        }
        self.glue.add_functions(&mut functions);
        module.section(&functions);
        Ok(())
    }

    fn code(&mut self, module: &mut Module, calls: &Calls<'_>, plans: &[Plan]) -> Result<()> {
        let mut code = CodeSection::new();
        let mut hints = BranchHints::new();
        for ((index, body), plan) in (0..).zip(&calls.bodies).zip(plans) {
            let locals = calls.locals(index)?;
            let index = self.survey.imported_functions + index;
            self.body(&mut code, &mut hints, (index, body), &locals, plan)?;
        }
        self.glue.add_code(&mut code, &mut hints);
        module.section(&hints);
        module.section(&code);
        Ok(())
    }

    fn body(
        &mut self,
        code: &mut CodeSection,
        hints: &mut BranchHints,
        (index, body): (u32, &FunctionBody<'_>),
        locals: &[ValType],
        plan: &Plan,
    ) -> Result<()> {
        let operators = body.get_operators_reader()?.into_iter();
        let operators = operators.collect::<wasmparser::Result<Vec<_>>>()?;
        let function = utils::new_function_with_parsed_locals(self, body)?;
        let glue = Glue::new(self.survey);
        let early = (self.survey.init_memory == Some(index)).then_some(self.taken);
        let mut body =
            Body { reencoder: self, glue: &glue, locals, plan, early, function, hints: Vec::new() };
        body.write(&operators)?;
        let Body { function, hints: found, .. } = body;
        code.function(&function);
        if !found.is_empty() {
            hints.function_hints(glue.map_function(index), found);
        }
        Ok(())
    }

    /// Function names are kept for backtraces, with the glue's added; other names are not needed.
    fn names(
        &mut self,
        module: &mut Module,
        section: Option<wasmparser::NameSectionReader<'_>>,
    ) -> Result<()> {
        let mut functions = self.glue.names();
        for subsection in section.into_iter().flatten() {
            // A broken name section costs the names, not the program.
            let Ok(subsection) = subsection else { break };
            if let Name::Function(map) = subsection {
                for naming in map.into_iter().map_while(std::result::Result::ok) {
                    if naming.index >= self.survey.imported_functions {
                        functions
                            .push((self.glue.map_function(naming.index), naming.name.to_owned()));
                    }
                }
            }
        }
        functions.sort();
        functions.dedup_by_key(|(index, _)| *index);
        let mut map = NameMap::new();
        for (index, name) in &functions {
            map.append(*index, name);
        }
        let mut names = NameSection::new();
        names.functions(&map);
        module.section(&names);
        Ok(())
    }
}
