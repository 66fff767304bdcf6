// SPDX-License-Identifier: MIT OR Apache-2.0
//! The data that a program starts with, taken out of its start function.
//!
//! wasm-ld's `__wasm_init_memory` copies each data segment to its address, once per memory. Copying two
//! megabytes that a process hardly looks at costs more than the rest of its start; so the segments that
//! are copied whole, to a constant address, and by nobody else, become one [`DataImage`], which the
//! runner maps copy-on-write into a new memory before the start function runs. That of TLS, which each
//! thread copies again, stays.
#![forbid(unsafe_code)]

use super::calls::Calls;
use super::survey::Survey;
use ochre_abi::user::PREEMPT_FLAG_ADDR;
use wasmparser::{Data, Operator, Parser, Payload};

/// Bytes between segments that an image may have, beside those of the segments.
const MAX_GAP_BYTES: u64 = 1 << 20;

/// Bytes of a new process's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataImage {
    /// Address of the first.
    pub addr: u32,
    /// They.
    pub bytes: Vec<u8>,
}

/// What was taken out.
#[derive(Debug, Default)]
pub struct Taken {
    /// Of each data segment: is it part of the image?
    pub segments: Vec<bool>,
    /// The image; none where there was nothing to take.
    pub image: Option<DataImage>,
}

/// One segment's way into the memory.
struct Placed<'a> {
    segment: usize,
    addr: u64,
    bytes: &'a [u8],
}

/// Looks for what can be taken out of `file`, which `survey` and `calls` describe.
pub fn take(file: &[u8], survey: &Survey, calls: &Calls<'_>) -> wasmparser::Result<Taken> {
    let none = || Taken { segments: vec![false; survey.data_bytes.len()], image: None };
    let Some(start) = survey.init_memory.filter(|index| survey.start == Some(*index)) else {
        return Ok(none());
    };
    let Some(start) = start.checked_sub(survey.imported_functions) else { return Ok(none()) };
    let segments = segments(file)?;
    let mut placed = Vec::new();
    let mut uses = vec![0u32; segments.len()];
    for (index, body) in (0..).zip(&calls.bodies) {
        // The constants before an instruction, the last one last.
        let mut constants = [None; 3];
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if let Operator::MemoryInit { data_index, .. } = operator
                && let Some(count) = uses.get_mut(data_index as usize)
            {
                *count += 1;
                let bytes = segments[data_index as usize].data;
                if let ([Some(addr), Some(0), Some(len)], true) = (constants, index == start)
                    && len as usize == bytes.len()
                {
                    let segment = data_index as usize;
                    placed.push(Placed { segment, addr: addr.into(), bytes });
                }
            }
            let [_, second, third] = constants;
            constants = match operator {
                Operator::I32Const { value } => [second, third, Some(value.cast_unsigned())],
                _ => [None; 3],
            };
        }
    }
    placed.retain(|placed| uses[placed.segment] == 1 && !placed.bytes.is_empty());
    Ok(image(&placed, survey).map_or_else(none, |image| {
        let mut taken = none();
        for placed in &placed {
            taken.segments[placed.segment] = true;
        }
        taken.image = Some(image);
        taken
    }))
}

fn segments(file: &[u8]) -> wasmparser::Result<Vec<Data<'_>>> {
    let mut segments = Vec::new();
    for payload in Parser::new(0).parse_all(file) {
        if let Payload::DataSection(section) = payload? {
            for data in section {
                segments.push(data?);
            }
        }
    }
    Ok(segments)
}

/// One image of all segments, unless they lie where a linker does not put any.
fn image(placed: &[Placed<'_>], survey: &Survey) -> Option<DataImage> {
    let start = placed.iter().map(|placed| placed.addr).min()?;
    let end = placed.iter().map(|placed| placed.addr + placed.bytes.len() as u64).max()?;
    let bytes: u64 = placed.iter().map(|placed| placed.bytes.len() as u64).sum();
    let memory_bytes = u64::from(survey.info.memory_pages) << 16;
    let lowest = u64::from(survey.info.stack_top.max(PREEMPT_FLAG_ADDR + 4));
    if start < lowest || end > memory_bytes || end - start > bytes + MAX_GAP_BYTES {
        return None;
    }
    let mut image = vec![0; usize::try_from(end - start).ok()?];
    for placed in placed {
        let at = usize::try_from(placed.addr - start).ok()?;
        image[at..at + placed.bytes.len()].copy_from_slice(placed.bytes);
    }
    Some(DataImage { addr: u32::try_from(start).ok()?, bytes: image })
}
