"""Made-up files with the quirks of real ones, by every mapping but those of complaint websites in Chinese."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from flask_babel import force_locale
from openpyxl import load_workbook
from sqlalchemy import func, select

from jobs.import_mapping import load_mapping, mapping_names, recognise_mapping
from jobs.import_table import open_table
from jobs.import_template import make_template
from jobs.imports import ImportResult, run_import
from models import (
    Complaint,
    Customer,
    Dealer,
    Part,
    PartsQualityRecord,
    Record,
    Region,
    Staff,
    Subject,
    Supplier,
    SupplierAlias,
    Vehicle,
    acting_as,
    db,
    record_types,
    system_actor,
)
from models.actor import Actor
from models.base import now
from models.customer import CustomerKind
from models.erasure import erase
from models.essentials import seed_essentials
from models.organisation import Locale, Role

OWN = ["customers", "dealers", "parts", "staff", "suppliers", "vehicles"]


@pytest.fixture(autouse=True)
def _seeded(in_app: Flask) -> Iterator[None]:
    with force_locale("en"), acting_as(system_actor("import")):
        seed_essentials()
        db.session.commit()
        yield


def bring_in(mapping: str, header: str, *rows: str) -> tuple[tuple[int, ...], list[str], ImportResult]:
    content = "\n".join([header, *rows]).encode()
    result = run_import(io.BytesIO(content), "rows.csv", mapping)
    reasons: list[str] = []
    if result.rejected_file:
        with result.rejected_file as rejected:
            reasons = [row[-1] for row in csv.reader(io.StringIO(rejected.read().decode()))][1:]
    return (result.new, result.changed, result.unchanged, result.rejected), reasons, result


def twice(mapping: str, header: str, *rows: str) -> tuple[tuple[int, ...], list[str]]:
    """Import rows, see that the second time changes nothing, and return counts and reasons of the first."""
    counts, reasons, _result = bring_in(mapping, header, *rows)
    again = bring_in(mapping, header, *rows)
    assert again[:2] == ((0, 0, sum(counts) - counts[3], counts[3]), reasons)
    return counts, reasons


def all_of(model: type[Record]) -> list[Record]:
    return list(db.session.scalars(select(model).order_by(model.id)))


def one(model: type[Record], **wanted: object) -> Record:
    return db.session.scalars(select(model).filter_by(**wanted)).one()


DEALERS = "dealer_code,dealer_name,region,province,city,area_code,address,tel,service_tel,fax"


def test_a_dealer_network_with_regions_and_several_phones_in_a_cell() -> None:
    db.session.add(Region(name="东区"))
    db.session.commit()
    counts, reasons = twice(
        "cn-dealers",
        DEALERS,
        "A1,徐州启程车业有限公司    ,东区,江苏,徐州,E4,徐州市昆仑大道1号\u3000,0516-83780666/83780777,"
        "0516-83780666/83780777,",
        "A2, 西安远行,西区,陕西,西安,W1,凤城路2号,,0572-6665959“ ,",
        "A3,重名一,西区,陕西,西安,W1,甲,029-1,,",
        "A3,重名二,西区,陕西,西安,W1,乙,029-2,,",
        ",无编码,西区,陕西,西安,W1,丙,,,",
    )
    assert counts == (3, 0, 0, 2)
    assert sorted(reasons) == [
        "A3 stands in this file twice, with different content.",
        "“dealer_code” is empty.",
    ]
    first, second = one(Dealer, code="A1"), one(Dealer, code="A2")
    assert isinstance(first, Dealer)
    assert isinstance(second, Dealer)
    assert (first.name, first.address) == ("徐州启程车业有限公司", "徐州市昆仑大道1号")
    assert first.phone == "0516-83780666/83780777"
    assert (second.name, second.phone) == ("西安远行", "0572-6665959")
    assert sorted(str(region.name) for region in all_of(Region)) == ["东区", "西区"]
    assert first.region_id == one(Region, name="东区").id


def test_small_letters_do_and_the_star_of_a_template_is_no_name() -> None:
    counts, reasons, _result = bring_in(
        "customers", "客户编号,客户名称*,客户级别", "1,张三,c", "2,,A", "3,李四,D"
    )
    assert counts == (1, 0, 0, 2)
    assert reasons == ["“客户名称” is empty.", "“客户级别” holds “D”, which this import does not know."]
    customer = one(Customer, name="张三")
    assert isinstance(customer, Customer)
    assert str(customer.level) == "C"


def test_what_of_a_file_was_not_used_or_had_to_be_made_is_said() -> None:
    remarks = bring_in("cn-dealers", DEALERS, "A1,启程,东区,江苏,徐州,E4,甲,,,")[2].remarks
    assert remarks == [
        "Columns that were not used: area_code, fax.",
        "Made because rows name them: Region 1 (东区).",
    ]


COMPLAINTS = "model,year,date,component,summary,crash,fire,injuries,odiNumber"


def test_american_dates_and_several_components_in_a_cell() -> None:
    counts, reasons = twice(
        "nhtsa-complaints",
        COMPLAINTS,
        'HS-1,2024,04/03/2020,"SERVICE BRAKES, HYDRAULIC,ENGINE",STOPS LATE,False,False,2,1',
        "HS-1,2024,01/13/2021,UNKNOWN OR OTHER,NOISE,False,False,0,2",
        "HS-1,2024,01/01/1901,ENGINE,OLD,False,False,0,3",
        "HS-1,2024,13/01/2021,ENGINE,BRITISH,False,False,0,4",
        "HS-1,2024,01/13/2021,WINGS,FLIES,False,False,0,5",
        "HS-1,2024,01/13/2021,ENGINE,BURNS,maybe,True,0,6",
    )
    assert counts == (2, 0, 0, 4)
    assert reasons == [
        "“date” holds “01/01/1901”, which lies before 1990-01-01 and can't be true.",
        "“date” holds “13/01/2021”, which is not a date such as 03/10/2024.",
        "“component” holds “WINGS”, which this import does not know.",
        "“crash” holds “maybe”, which this import does not know.",
    ]
    brakes, other = all_of(Complaint)
    assert isinstance(brakes, Complaint)
    assert isinstance(other, Complaint)
    assert brakes.fault == "SERVICE BRAKES, HYDRAULIC; ENGINE"
    assert db.session.get_one(Subject, brakes.subject_id).code == "brakes"
    assert (brakes.is_safety_relevant, other.is_safety_relevant) == (True, False)
    assert brakes.registered_at.date() == date(2020, 4, 2)  # midnight of the 3rd at the site


PARTS = "campaign,component_name,component_desc,part_number,supplier_name,supplier_country,defect_cause,corrected_in_production,recall_date,population"  # noqa: E501 - a header


def test_defective_parts_find_their_supplier_by_any_spelling() -> None:
    spellings = ("raw_name,canonical_name", "Mobis,启程电子", "MOBIS,启程电子", "启程电子,启程电子", "TBD,")
    counts, reasons = twice("nhtsa-suppliers", *spellings)
    assert (counts, reasons) == ((1, 1, 1, 1), ["“canonical_name” is empty."])
    counts, reasons = twice(
        "nhtsa-parts",
        PARTS,
        '24V1,电机总成,驱动电机,M-1,MOBIS,Korea,"绕组短路, 会起火",2024年起改正,2024-03-01,"1,200"',
        "24V1,电机总成,驱动电机,M-2,Mobis,Korea,绕组短路,,2024-03-01,1200",
        "24V2,控制器,,,新供应商,Korea,进水,,2024-04-01,5",
        "24V3,,,,Mobis,Korea,没有配件,,2024-04-01,5",
        "24V4,控制器,,K-1,Not Applicable,Korea,进水,,2024-04-01,many",
        "24V5,控制器,,K-1,Not Applicable,Korea,进水,,2024-04-01,7",
    )
    assert counts == (4, 0, 0, 2)
    assert reasons == ["“part_number” is empty.", "“population” holds “many”, which is no whole number."]
    records = all_of(PartsQualityRecord)
    assert [(row.quantity, row.fault) for row in records[:1]] == [(1200, "绕组短路, 会起火")]
    names = {row.id: row.name for row in all_of(Supplier)}
    assert [names.get(row.supplier_id) for row in records] == ["启程电子", "启程电子", "新供应商", None]
    assert db.session.scalars(select(SupplierAlias.name).order_by(SupplierAlias.name)).all() == [
        "MOBIS",
        "Mobis",
    ]
    assert one(Part, code="控制器").name == "控制器"
    assert one(Part, code="M-1").name_en == "驱动电机"


def test_a_spelling_that_means_another_supplier_is_rejected() -> None:
    db.session.add(Supplier(name="启程电子", aliases=[SupplierAlias(name="QC")]))
    db.session.commit()
    counts, reasons, _result = bring_in(
        "nhtsa-suppliers", "raw_name,canonical_name", "QC,远行电机", "YX,远行电机"
    )
    assert (counts, reasons) == ((1, 0, 0, 1), ["“QC” means another supplier already."])
    counts, reasons, _result = bring_in("suppliers", "供应商名称,电话", "QC,", "安途,")
    assert (counts, reasons) == ((1, 0, 0, 1), ["“QC” means another supplier already."])


SHIFTED = "id,brand,car_moder,car_type,desc,problem,datetime,status"


def test_shifted_columns_are_read_and_never_take_a_known_subject_away() -> None:
    row = "7,启程,货运150,加长版,电机异响,信息审核,2020-08-22,7"
    assert twice("cn-12365-shifted", SHIFTED, row) == ((1, 0, 0, 0), [])
    complaint = all_of(Complaint)[0]
    assert isinstance(complaint, Complaint)
    assert db.session.get_one(Subject, complaint.subject_id).code == "other"
    header = "id,brand,car_model,type,desc,problem,date,status"
    known = '7,启程,货运150,加长版,电机异响,"H93,H15",2020-08-22,信息审核'
    assert bring_in("cn-12365", header, known)[0] == (0, 1, 0, 0)
    assert bring_in("cn-12365-shifted", SHIFTED, row)[0] == (0, 0, 1, 0)
    assert bring_in("cn-12365", header, known)[0] == (0, 0, 1, 0)
    db.session.refresh(complaint)
    assert db.session.get_one(Subject, complaint.subject_id).code == "accessories"
    assert complaint.fault == "中控台异响；车身异响"


def test_a_row_without_a_fault_code_is_about_something_else_and_letters_alone_name_the_subject() -> None:
    header = "id,brand,car_model,type,desc,problem,date,status"
    counts, reasons = twice(
        "cn-12365",
        header,
        "1,启程,货运150,加长版,没有编码,,2020-08-22,信息审核",
        '2,启程,货运150,加长版,只有字母,"B,C",2020-08-22,信息审核',
        "3,启程,货运150,加长版,没有见过的编码,H9999,2020-08-22,信息审核",
    )
    assert (counts, reasons) == ((3, 0, 0, 0), [])
    found = {row.description: row for row in all_of(Complaint)}
    codes = {key: db.session.get_one(Subject, row.subject_id).code for key, row in found.items()}
    assert codes == {"没有编码": "other", "只有字母": "transmission", "没有见过的编码": "accessories"}
    assert [found[key].fault for key in codes] == [None, "B；C", "H9999"]


def test_customers_and_their_vehicles_by_the_numbers_of_ones_own_list() -> None:
    counts, reasons = twice(
        "customers",
        "客户编号,姓名,类型,手机,区域,级别,首次联系日期",
        "K-1,张三,车主,１３９００００００１１,东区,A,2024年3月1日",
        ",李四,Company,0516-83780666/83780777,东区,,2024/3/2",
        "K-3,王五,神仙,,,,",
        "K-4,赵六,车主,,,,2124-01-01",
        ",,车主,,,,",
    )
    assert counts == (2, 0, 0, 3)
    assert reasons == [
        "“类型” holds “神仙”, which this import does not know.",
        "“首次联系日期” holds “2124-01-01”, which lies in the future.",
        "“姓名” is empty.",
    ]
    zhang = one(Customer, name="张三")
    assert isinstance(zhang, Customer)
    assert (zhang.kind, zhang.phone, zhang.first_contact_on) == (
        CustomerKind.OWNER,
        "13900000011",
        date(2024, 3, 1),
    )
    counts, reasons = twice(
        "vehicles",
        "车架号,车型,客户编号,里程,销售日期",
        'HS001,HS-150,K-1,"12,500",2024-03-01',
        "HS002,HS-150,K-9,1,2024-03-01",
        "HS003,,K-1,1,2024-03-01",
    )
    assert counts == (1, 0, 0, 2)
    assert reasons == [
        "“车型” is empty.",
        "Customer: there is no entry with the code “K-9” in this panel.",
    ]
    vehicle = one(Vehicle, frame_number="HS001")
    assert isinstance(vehicle, Vehicle)
    assert (vehicle.customer_id, vehicle.mileage_km) == (zhang.id, 12500)


def test_a_column_that_a_later_file_lacks_takes_nothing_away() -> None:
    bring_in("customers", "编号,名称,电话,地址", "1,张三,13900000011,甲路1号")
    assert bring_in("customers", "编号,名称", "1,张三")[0] == (0, 0, 1, 0)
    assert bring_in("customers", "编号,名称,地址", "1,张三,乙路2号")[0] == (0, 1, 0, 0)
    customer = one(Customer, name="张三")
    assert isinstance(customer, Customer)
    assert (customer.phone, customer.address) == ("13900000011", "乙路2号")


def test_a_record_that_staff_entered_is_completed_and_keeps_what_they_wrote() -> None:
    db.session.add(Part(code="P-1", name="手写的名称"))
    db.session.commit()
    header = "配件编码,配件名称,英文名称,重要零件,供应商"
    assert twice("parts", header, "P-1,别的名称,Motor,是,新供应商") == ((0, 1, 0, 0), [])
    part = one(Part, code="P-1")
    assert isinstance(part, Part)
    assert (part.name, part.name_en) == ("手写的名称", "Motor")
    assert part.supplier_id == one(Supplier, name="新供应商").id


def test_a_deleted_parent_is_not_filled_in_again() -> None:
    bring_in("parts", "编码,名称,供应商", "P-1,电机,旧供应商")
    one(Supplier, name="旧供应商").deleted_at = now()
    db.session.commit()
    assert bring_in("parts", "编码,名称,供应商", "P-1,电机,旧供应商")[0] == (0, 0, 1, 0)
    assert db.session.scalar(select(func.count()).select_from(Supplier)) == 0


def test_staff_get_their_roles_and_no_password() -> None:
    counts, reasons = twice(
        "staff",
        "姓名,邮箱,部门,角色,语言",
        "李倩,Li.Qian@Example.com,客服部,售后内勤、Follow-up agent,中文",
        "王强,wang,客服部,,",
        "赵敏,zhao@example.com,外星部,,",
        "钱多,qian@example.com,,皇帝,",
    )
    assert counts == (1, 0, 0, 3)
    assert sorted(reasons) == sorted(
        [
            "“邮箱” holds “wang”, which is no e-mail address.",
            "Department: there is no entry with the code “外星部” in this panel.",
            "“角色” holds “皇帝”, which this import does not know.",
        ]
    )
    person = one(Staff, email="li.qian@example.com")
    assert isinstance(person, Staff)
    assert person.roles == [Role.CLERK, Role.FOLLOW_UP_AGENT]
    assert person.password is None
    assert len(person.fs_uniquifier) == 64


def test_dealers_and_suppliers_by_the_templates() -> None:
    counts, _reasons = twice(
        "dealers",
        "Dealer code,Dealer name,Grade,Own workshop,Vehicles sold a year,Contract until",
        "D1,Qicheng,A,yes,120,2027.12.31",
    )
    assert counts == (1, 0, 0, 0)
    dealer = one(Dealer, code="D1")
    assert isinstance(dealer, Dealer)
    assert (dealer.has_own_workshop, dealer.vehicles_per_year) == (True, 120)
    counts, reasons = twice(
        "suppliers", "供应商名称,邮箱,电话", "启程电子,a@example.com,0516-1234567", "坏邮箱,a@b@c,"
    )
    assert (counts, reasons) == ((1, 0, 0, 1), ["“邮箱” holds “a@b@c”, which is no e-mail address."])


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("locale", list(Locale))
def test_a_template_is_recognised_and_explains_its_columns(name: str, locale: Locale) -> None:
    content = make_template(load_mapping(name), locale)
    with open_table(io.BytesIO(content)) as table:
        assert recognise_mapping(table.rows.header, mapping_names()).name == name
        assert list(table.rows) == []
        assert table.other_sheets == ()
    sheet, notes = load_workbook(io.BytesIO(content)).worksheets
    assert sheet["A2"].number_format == "@"
    assert notes.max_row == 1 + len(load_mapping(name).columns)


@pytest.mark.parametrize("name", OWN)
def test_every_column_of_a_template_fills_a_field_or_is_the_key(name: str) -> None:
    mapping = load_mapping(name)
    used = {column for rule in mapping.fields for column in rule.columns} | set(mapping.key)
    made = {column for rule in mapping.fields for each in rule.creates or () for column in each.columns}
    assert set(mapping.columns) == used | made
    assert all(len(spellings) >= 2 for spellings in mapping.columns.values())
    assert mapping.record in record_types()


def test_a_trial_changes_nothing_and_draws_no_number() -> None:
    content = "编号,名称,区域\n1,张三,东区\n2,李四,东区\n".encode()
    result = run_import(io.BytesIO(content), "rows.csv", "customers", is_trial=True)
    assert (result.new, result.remarks) == (2, ["Made because rows name them: Region 1 (东区)."])
    assert all_of(Customer) == all_of(Region) == []
    bring_in("customers", "编号,名称", "1,张三")
    first = int(all_of(Customer)[0].number[-6:])
    run_import(io.BytesIO(content), "rows.csv", "customers", is_trial=True)
    bring_in("customers", "编号,名称", "2,李四")
    assert int(all_of(Customer)[1].number[-6:]) == first + 1


def test_a_file_that_fits_no_mapping_is_refused() -> None:
    from jobs.import_reader import ImportRefusedError

    with pytest.raises(ImportRefusedError, match="No mapping fits the columns of this file: a, b"):
        recognise_mapping(["a", "b"], mapping_names())


def test_a_file_brings_nobody_back_who_was_erased() -> None:
    header, row = "客户编号,姓名,电话", "K-1,诸葛清澜,13977640821"
    assert bring_in("customers", header, row)[0] == (1, 0, 0, 0)
    boss = Staff(name="管理员", email="boss@example.com", role_names=["administrator"], fs_uniquifier="boss")
    db.session.add(boss)
    db.session.commit()
    with acting_as(Actor(boss.id, "request", region_ids=None)):
        assert erase(one(Customer, name="诸葛清澜"), "本人申请")["import_origin"] == 1
        db.session.commit()
    for said in (row, "K-1,诸葛清澜,13800001111"):
        assert bring_in("customers", header, said)[0] == (0, 0, 1, 0)
    assert [each.phone for each in all_of(Customer)] == [None]
