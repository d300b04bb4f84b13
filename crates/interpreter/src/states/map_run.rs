//! Map in DISTRIBUTED mode: starts a map run, waits for its end, and goes on with its result.

use std::sync::Arc;

use asl::definition::{
    Distributed, ItemBatcher, ItemReader, Map, ResultWriter, Seconds, StateKind,
};
use asl::jsonata;
use asl::template::Template;
use serde_json::Value;

use crate::dataflow::{Asked, Payload, plain, whole};
use crate::failure::{Fault, ITEM_READER_FAILED};
use crate::frame::{FrameId, OpenMapRun, Stand};
use crate::history::{EventDetails, EventId};
use crate::limits::MAP_RUN_ITEMS_MAX;
use crate::map_run::{Batches, MapRunOutcome, MapRunPlan, Work};
use crate::turn::{Closed, Halt, Turn};
use crate::{Effect, Failure, Refusal};

impl Turn<'_> {
    pub(super) fn begin_map_run(
        &mut self,
        id: FrameId,
        map: &Map,
        distributed: &Distributed,
    ) -> Result<(), Halt> {
        let items = match distributed.reader {
            Some(_) => None,
            None => Some(self.found_items(id, map)?),
        };
        let lanes = self.whole_number(id, "MaxConcurrency", map.max_concurrency.as_ref(), 0)?;
        // How many items a reader will find, AWS does not say either.
        let length = items.as_ref().map_or(0, |items| items.values.len());
        let started = EventDetails::MapStateStarted {
            length: u32::try_from(length).unwrap_or(u32::MAX),
        };
        self.append(id, started)?;
        let (count, share) = self.tolerance(id, map)?;
        let mut refused = None;
        let (mut reader, mut items_max) = (None, None);
        if let Some(given) = &distributed.reader {
            reader = Some(self.reader_work(id, given)?);
            items_max = self.items_max(id, given, &mut refused)?;
        }
        let batches = match &distributed.batcher {
            Some(batcher) => Some(self.batches_of(id, batcher)?),
            None => None,
        };
        let writer = match &distributed.writer {
            Some(writer) => Some(self.writer_work(id, writer)?),
            None => None,
        };
        let state = self.state(id);
        let label = distributed.label_of(&state.name);
        let map_run_arn = self.new_map_run_arn(&label);
        let event = self.append(
            id,
            EventDetails::MapRunStarted {
                map_run_arn: Arc::clone(&map_run_arn),
            },
        )?;
        let start_at = self.machine.state(map.processor).name.clone();
        self.execution.frame_mut(id).stand = Stand::MapRun(OpenMapRun {
            event,
            map_run_arn: Arc::clone(&map_run_arn),
            is_open: true,
            redrives: 0,
            items,
            selected_from: None,
        });
        self.effect(Effect::StartMapRun(Box::new(MapRunPlan {
            event,
            map_run_arn,
            label,
            start_at,
            state_name: state.name.clone(),
            is_express: distributed.is_express,
            length: reader.is_none().then_some(length as u64),
            reader,
            items_max,
            has_selector: map.item_selector.is_some() || map.jsonata_item_selector.is_some(),
            batches,
            max_concurrency: u32::try_from(lanes.unwrap_or(0)).unwrap_or(u32::MAX),
            tolerated_failure_count: count.unwrap_or(0),
            tolerated_failure_percentage: share.unwrap_or(0.0),
            writer,
            refused,
        })));
        Ok(())
    }

    fn new_map_run_arn(&mut self, label: &str) -> Arc<str> {
        let mut stream = self.execution.stream();
        let uuid = stream.uuid();
        self.execution.drawn = stream.drawn;
        let birth = &self.execution.birth;
        let (owner, _) = birth
            .state_machine_arn
            .split_once(":stateMachine:")
            .unwrap_or((&birth.state_machine_arn, ""));
        let machine = &birth.state_machine_name;
        format!("{owner}:mapRun:{machine}/{label}:{uuid}").into()
    }

    fn reader_work(&mut self, id: FrameId, reader: &ItemReader) -> Result<Work, Halt> {
        let given = (reader.parameters.as_ref(), reader.arguments.as_ref());
        let config = (&*reader.config, reader.jsonata_config.as_ref());
        self.outside_work(id, Some(&reader.resource), given, config)
    }

    fn writer_work(&mut self, id: FrameId, writer: &ResultWriter) -> Result<Work, Halt> {
        let given = (writer.parameters.as_ref(), writer.arguments.as_ref());
        let config = (&*writer.config, writer.jsonata_config.as_ref());
        self.outside_work(id, writer.resource.as_ref(), given, config)
    }

    fn outside_work(
        &mut self,
        id: FrameId,
        resource: Option<&Arc<str>>,
        (parameters, arguments): (Option<&Template>, Option<&jsonata::Template>),
        (config, jsonata_config): (&Value, Option<&jsonata::Template>),
    ) -> Result<Work, Halt> {
        let nothing = || Payload::Value(Value::Object(serde_json::Map::new()));
        let parameters = match (parameters, arguments) {
            (Some(template), _) => {
                let input = self.effective_input(id)?;
                self.template(id, Some(template), input)?
            }
            (None, arguments) => self.jsonata_field(id, arguments, Asked::default(), nothing())?,
        };
        let config = Payload::Value(config.clone());
        let config = self.jsonata_field(id, jsonata_config, Asked::default(), config)?;
        let name = &self.state(id).name;
        Ok(Work {
            resource: resource.map(Arc::clone),
            parameters: Arc::clone(self.within_limit(parameters, name)?.text()),
            config: Arc::clone(self.within_limit(config, name)?.text()),
        })
    }

    /// `MaxItems`: 0 stands for all, and so does more than there may be. One that is negative is a fault
    /// of the reader, as recorded from AWS.
    fn items_max(
        &mut self,
        id: FrameId,
        reader: &ItemReader,
        refused: &mut Option<Failure>,
    ) -> Result<Option<u64>, Halt> {
        let number = match &reader.max_items {
            Some(Seconds::Path(path)) => {
                let raw = self.raw_input(id);
                let value = self.path(id, path, &raw)?;
                match whole(&value) {
                    Some(number) if number < 0 => {
                        let cause = "field MaxItems must be positive";
                        *refused = Some(Fault::new(ITEM_READER_FAILED, cause).failure);
                        None
                    }
                    Some(number) => Some(u64::try_from(number).unwrap_or(u64::MAX)),
                    None => {
                        let (value, path) = (plain(&value), path.text());
                        let cause = format!(
                            "The MaxItemsPath field refers to value \"{value}\" which is not a valid \
                             integer: {path}"
                        );
                        return Err(self.runtime_fault(id, cause).into());
                    }
                }
            }
            given => self.whole_number(id, "MaxItems", given.as_ref(), 0)?,
        };
        Ok(number
            .filter(|number| *number > 0)
            .map(|number| number.min(MAP_RUN_ITEMS_MAX)))
    }

    fn batches_of(&mut self, id: FrameId, batcher: &ItemBatcher) -> Result<Batches, Halt> {
        let items_max = batcher.max_items_per_batch.as_ref();
        let items_max = self.whole_number(id, "MaxItemsPerBatch", items_max, 1)?;
        let bytes_max = batcher.max_input_bytes_per_batch.as_ref();
        let bytes_max = self.whole_number(id, "MaxInputBytesPerBatch", bytes_max, 1)?;
        let input = match (&batcher.input, &batcher.jsonata_input) {
            (None, None) => None,
            (Some(template), _) => {
                let seen = self.effective_input(id)?;
                Some(self.template(id, Some(template), seen)?)
            }
            (None, field) => {
                let nothing = Payload::Value(Value::Null);
                Some(self.jsonata_field(id, field.as_ref(), Asked::default(), nothing)?)
            }
        };
        let name = &self.state(id).name;
        let input = match input {
            Some(input) => Some(Arc::clone(self.within_limit(input, name)?.text())),
            None => None,
        };
        Ok(Batches {
            items_max,
            bytes_max,
            input,
        })
    }

    /// A map run came to its end.
    pub(crate) fn map_run_ended(
        &mut self,
        event: EventId,
        outcome: MapRunOutcome,
    ) -> Result<Result<(), Closed>, Refusal> {
        let id = self
            .execution
            .frame_of_map_run(event)
            .ok_or(Refusal::TaskClosed)?;
        if let Stand::MapRun(run) = &mut self.execution.frame_mut(id).stand {
            run.is_open = false;
        }
        let StateKind::Map(map) = &self.state(id).kind else {
            panic!("only a Map state has a map run");
        };
        Ok(match outcome {
            MapRunOutcome::Succeeded(result) => {
                let gone_on = self.map_run_succeeded(id, map, result.map(|it| it.homeless()));
                self.settle_halt(id, gone_on)
            }
            MapRunOutcome::Failed(failure) => {
                let failed = EventDetails::MapRunFailed(failure.clone());
                self.append(id, failed).and_then(|_| {
                    let heartbeat = false;
                    self.state_failed(id, Fault { failure, heartbeat })
                })
            }
        })
    }

    fn map_run_succeeded(
        &mut self,
        id: FrameId,
        map: &Map,
        result: Option<crate::Document>,
    ) -> Result<(), Halt> {
        let before = self.execution.frame(id).previous;
        self.append(id, EventDetails::MapRunSucceeded)?;
        self.append_aside(id, EventDetails::MapStateSucceeded)?;
        let distributed = map.distributed.as_ref();
        if distributed.is_some_and(|distributed| distributed.batcher.is_some()) {
            // So recorded from AWS: with batches the exit passes over the end of the map run.
            self.execution.frame_mut(id).previous = before;
        }
        self.settle(id, None);
        let state = self.state(id);
        let Some(result) = result else {
            return Err(Fault::data_limit(&state.name).into());
        };
        let selector = map.result_selector.as_ref();
        let result = Payload::Document(result);
        self.leave_with_result(id, selector, &map.result_path, result, map.transition)
    }

    /// An execution that is redriven goes on with the map run at hand.
    pub(crate) fn redrive_map_run(&mut self, id: FrameId) -> Result<(), Closed> {
        let Stand::MapRun(run) = &mut self.execution.frame_mut(id).stand else {
            panic!("a frame that waits for a map run");
        };
        run.is_open = true;
        run.redrives += 1;
        run.selected_from = None;
        let (event, redrive_count) = (run.event, run.redrives);
        let map_run_arn = Arc::clone(&run.map_run_arn);
        self.append(
            id,
            EventDetails::MapRunRedriven {
                map_run_arn,
                redrive_count,
            },
        )?;
        self.effect(Effect::RedriveMapRun { event });
        Ok(())
    }
}
